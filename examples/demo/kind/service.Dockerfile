# One image a version: docker build -f examples/demo/kind/service.Dockerfile --build-arg VERSION_FOLDER=user-service/2.0.0 examples/demo/services
FROM python:3.11-slim
ARG VERSION_FOLDER
COPY scene /app/scene
COPY ${VERSION_FOLDER}/service.py /app/service.py
USER 65532:65532
ENTRYPOINT ["python3", "-u", "-B", "/app/service.py"]

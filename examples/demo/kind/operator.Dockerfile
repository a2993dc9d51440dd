# The operator for kind: docker build -f examples/demo/kind/operator.Dockerfile .
FROM python:3.11-slim
COPY requirements.lock /build/
RUN pip install --no-cache-dir --require-hashes --requirement /build/requirements.lock
COPY operator/saferollout /opt/saferollout/saferollout
RUN printf '#!/bin/sh\nexec python3 -m saferollout "$@"\n' > /usr/local/bin/saferollout && chmod 755 /usr/local/bin/saferollout
ENV PYTHONPATH=/opt/saferollout PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["saferollout"]

"""Write the pages: `.venv/bin/python -m scripts.lib.reference`."""

from scripts.lib.reference.pages import FOLDER, pages

FOLDER.mkdir(exist_ok=True)
for name, text in pages().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
    print(FOLDER / name)

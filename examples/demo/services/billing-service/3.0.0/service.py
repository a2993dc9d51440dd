"""billing-service 3.0.0: opens an account for every new user; reads user events of version 3 only.

Somebody thought that the old parsers were no longer needed. Beside user-service 2.0.0 they are.
"""

from __future__ import annotations

from scene.consumer import Consumer, Event, Unreadable, required


def read_3(event: Event) -> str:
    name = event.get("name")
    if not isinstance(name, dict):
        raise Unreadable("version 3 without the object 'name'")
    return f"{required(name, 'given')} {required(name, 'family')}"


def open_account(name: str) -> None:
    print(f"account opened for {name}", flush=True)


if __name__ == "__main__":
    readers = {3: read_3}
    Consumer(group="billing", readers=readers, handle=open_account).run()

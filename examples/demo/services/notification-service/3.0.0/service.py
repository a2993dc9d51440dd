"""notification-service 3.0.0: greets every new user; reads user events of versions 1, 2 and 3."""

from __future__ import annotations

from scene.consumer import Consumer, Event, Unreadable, required


def read_1(event: Event) -> str:
    return required(event, "name")


def read_2(event: Event) -> str:
    return f"{required(event, 'firstName')} {required(event, 'lastName')}"


def read_3(event: Event) -> str:
    name = event.get("name")
    if not isinstance(name, dict):
        raise Unreadable("version 3 without the object 'name'")
    return f"{required(name, 'given')} {required(name, 'family')}"


def greet(name: str) -> None:
    print(f"Welcome, {name}!", flush=True)


if __name__ == "__main__":
    readers = {1: read_1, 2: read_2, 3: read_3}
    Consumer(group="notification", readers=readers, handle=greet).run()

"""notification-service 2.0.0: greets every new user; reads user events of versions 1 and 2."""

from __future__ import annotations

from scene.consumer import Consumer, Event, required


def read_1(event: Event) -> str:
    return required(event, "name")


def read_2(event: Event) -> str:
    return f"{required(event, 'firstName')} {required(event, 'lastName')}"


def greet(name: str) -> None:
    print(f"Welcome, {name}!", flush=True)


if __name__ == "__main__":
    readers = {1: read_1, 2: read_2}
    Consumer(group="notification", readers=readers, handle=greet).run()

"""notification-service 1.0.0: greets every new user; reads user events of version 1."""

from __future__ import annotations

from scene.consumer import Consumer, Event, required


def read_1(event: Event) -> str:
    return required(event, "name")


def greet(name: str) -> None:
    print(f"Welcome, {name}!", flush=True)


if __name__ == "__main__":
    readers = {1: read_1}
    Consumer(group="notification", readers=readers, handle=greet).run()

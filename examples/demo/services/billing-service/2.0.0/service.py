"""billing-service 2.0.0: opens an account for every new user; reads user events of versions 1 and 2."""

from __future__ import annotations

from scene.consumer import Consumer, Event, required


def read_1(event: Event) -> str:
    return required(event, "name")


def read_2(event: Event) -> str:
    return f"{required(event, 'firstName')} {required(event, 'lastName')}"


def open_account(name: str) -> None:
    print(f"account opened for {name}", flush=True)


if __name__ == "__main__":
    readers = {1: read_1, 2: read_2}
    Consumer(group="billing", readers=readers, handle=open_account).run()

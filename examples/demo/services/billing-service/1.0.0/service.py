"""billing-service 1.0.0: opens an account for every new user; reads user events of version 1."""

from __future__ import annotations

from scene.consumer import Consumer, Event, required


def read_1(event: Event) -> str:
    return required(event, "name")


def open_account(name: str) -> None:
    print(f"account opened for {name}", flush=True)


if __name__ == "__main__":
    readers = {1: read_1}
    Consumer(group="billing", readers=readers, handle=open_account).run()

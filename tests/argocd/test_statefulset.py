"""A StatefulSet beside Argo CD, whose own health check calls a held one Healthy: the table of docs/argocd.md, row by row."""

from __future__ import annotations

from tests.argocd.moments import table
from tests.argocd.story import Story
from tests.cluster.shop import Revision
from tests.cluster.stateful_shop import marks, member, partition, stateful, wait_for_pods

ROWS = {cells[0]: tuple(cells[1:4]) for cells in table("a StatefulSet", "app", "its health", "SafeRollout")}
OLD, NEW, ILL = Revision(), Revision("shop:2"), Revision("shop:3", behaviour="never-ready")


def test_each_moment_of_a_statefulset_is_as_the_page_says(story: Story) -> None:
    shop, repository, seen = story.shop, story.repository, []

    def shows(moment: str) -> None:
        seen.append(moment)
        story.wait(moment, lambda: picture(story) == ROWS[moment])

    def safe_rollout(**spec: object) -> dict[str, object]:
        return shop.safe_rollout(member("db", batches=["50%"]), **{"progressDeadlineSeconds": 8, **spec})

    story.start_operator()
    repository.commit("The shop", safe_rollout(), stateful("db", OLD))
    story.application.create(repository=repository.url, namespace=shop.namespace)
    shows("runs")

    story.apply(repository.commit("The next image, and nobody lets it go", safe_rollout(mode="Paused"), stateful("db", NEW)))
    shop.wait("held", lambda: "held" in marks(shop, "db"))
    shows("held until its turn")
    assert "db" in shop.kubectl("get", "statefulset", "-l", "saferollout.io/held").out
    assert story.diary.images("db") == {"shop:1"}

    story.apply(repository.commit("Go", safe_rollout(bakeSeconds=600)))
    wait_for_pods(shop, "db", "shop:1", "shop:1", "shop:2", "shop:2")
    shop.wait("it bakes", lambda: "bakes" in shop.message())
    shows("a batch bakes")
    assert partition(shop, "db") == 2

    story.apply(repository.commit("On to the rest", safe_rollout()))
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shop.wait_for_state("Completed")
    shows("released")

    story.apply(repository.commit("Never ready", stateful("db", ILL)))
    shop.wait_for_state("RolledBack")
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shows("went back")
    story.apply(repository.revert())
    shows("went back, then `git revert`")

    story.kill_operator()
    story.apply(repository.commit("While nobody is at work", stateful("db", Revision("shop:4"))))
    shop.wait("held", lambda: "held" in marks(shop, "db"))
    shows("the operator is down, a commit comes")
    shop.stays("nothing moves, and nobody heals", lambda: picture(story) == ROWS["the operator is down, a commit comes"], seconds=7)
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    assert "shop:4" not in story.diary.images("db")
    assert seen == list(ROWS), "the page has a row that nobody checks, or the other way round"


def picture(story: Story) -> tuple[str, str, str]:
    app, objects = story.application.seen(), story.application.objects()
    ours = (objects[name].health if name in objects else "" for name in ("StatefulSet/db", "SafeRollout/shop"))
    return (f"{app.sync}, {app.health}", *ours)

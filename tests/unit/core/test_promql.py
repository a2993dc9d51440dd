"""A user's PromQL: placeholders become pods, and no way of writing it leaves the namespace."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saferollout.core.arms import Arms, Labels
from saferollout.core.promql import InvalidPromQL, age_of, bind, check_promql, foreign_namespace, uses_pods

ARMS = Arms(new=("shop-2-[a-z0-9]{5}",), old=("shop-1-[a-z0-9]{5}",), all=("shop-1-[a-z0-9]{5}", "shop-2-[a-z0-9]{5}"))


def bound(text: str, *, arms: Arms = ARMS, labels: Labels | None = None) -> str:
    return bind(text, namespace="shop", labels=labels or Labels(), arms=arms)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("up", 'up{namespace="shop"}'),
        ("sum by (le) (rate(x_bucket[1m]))", 'sum by (le) (rate(x_bucket{namespace="shop"}[60s]))'),
        ('a{b="c"} / on (pod) group_left (le) d', 'a{b="c",namespace="shop"} / on (pod) group_left (le) d{namespace="shop"}'),
        ("max_over_time(rate(a[1m])[1h:30s])", 'max_over_time(rate(a{namespace="shop"}[60s])[3600s:30s])'),
        ("max_over_time(a[1h:] offset -5m)", 'max_over_time(a{namespace="shop"}[3600s:] offset -300s)'),
        ("absent(a)", 'absent(a{namespace="shop"})'),
        ('{__name__=~"secret.+"}', '{__name__=~"secret.+",namespace="shop"}'),
        ('a{b="c" or d="e"}', 'a{b="c",namespace="shop" or d="e",namespace="shop"}'),
        ("a @ 5 offset 1m", 'a{namespace="shop"} @ 5.000 offset 60s'),
        ("a @ end()", 'a{namespace="shop"} @ end()'),
        ('label_replace(a, "x", "$1", "y", "(.*)")', 'label_replace(a{namespace="shop"}, "x", "$1", "y", "(.*)")'),
        ("a > bool 1.5 or vector(-1)", 'a{namespace="shop"} > bool 1.5 or vector(-1)'),
        ("topk without (x) (3, -a)", 'topk without (x) (3, -a{namespace="shop"})'),
        ("a and ignoring (x) (b)", 'a{namespace="shop"} and ignoring (x) (b{namespace="shop"})'),
    ],
)
def test_every_selector_gets_the_namespace_wherever_it_stands(written: str, asked: str) -> None:
    assert bound(written) == asked


@pytest.mark.parametrize("own", ['namespace="other"', 'namespace=~".+"', 'namespace!="shop"', 'namespace!~"x"'])
def test_a_matcher_for_another_namespace_stays_beside_ours_and_never_replaces_it(own: str) -> None:
    assert bound(f"sum(a{{{own}}})").count('namespace="shop"') == 1


def test_a_value_that_looks_like_the_end_of_a_selector_stays_a_value() -> None:
    asked = bound('a{b="\\"} or secret{c=\\""}')
    assert asked == 'a{b="\\"} or secret{c=\\"",namespace="shop"}'
    assert isinstance(promql_parser.parse(asked), promql_parser.VectorSelector)


def test_a_quoted_label_name_can_not_end_its_selector_either() -> None:
    assert bound('{"my metric", "x\\"}"="c"}') == '{__name__="my metric","x\\"}"="c",namespace="shop"}'


@given(value=st.text(max_size=20), other=st.text(max_size=20))
def test_whatever_a_tenant_writes_into_strings_every_selector_keeps_the_namespace(value: str, other: str) -> None:
    def literal(text: str) -> str:
        return '"' + "".join(f"\\U{ord(char):08x}" for char in text if not 0xD800 <= ord(char) < 0xE000 and char != "$") + '"'

    asked = bound(f'a{{b={literal(value)}}} + on () absent(c{{d!={literal(other)}, namespace={literal(value)}}})')
    selectors: list[promql_parser.VectorSelector] = []

    def visit(part: promql_parser.Expr) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            selectors.append(part)

    promql_parser.walk(promql_parser.parse(asked), pre_visit=visit)
    assert [selector.name for selector in selectors] == ["a", "c"]
    for selector in selectors:
        assert ("namespace", "shop") in [(one.name, one.value) for one in selector.matchers.matchers]


def test_placeholders_become_the_pods_of_an_arm_and_the_namespace() -> None:
    assert bound('a{pod=~"$new"}') == 'a{pod=~"(?:shop-2-[a-z0-9]{5})",namespace="shop"}'
    assert bound('a{pod!~"x|$old"}') == 'a{pod!~"x|(?:shop-1-[a-z0-9]{5})",namespace="shop"}'
    assert bound('a{job="$namespace/api"}') == 'a{job="shop/api",namespace="shop"}'


def test_an_arm_without_pods_selects_nothing_rather_than_series_without_a_pod_label() -> None:
    assert bound('a{pod=~"$new"}', arms=Arms()) == 'a{pod=~"(?:<none>)",namespace="shop"}'


def test_the_operator_says_what_this_prometheus_calls_a_namespace() -> None:
    assert bound("a", labels=Labels(namespace="kubernetes_namespace")) == 'a{kubernetes_namespace="shop"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(foo", "line 1, column 4 near '(foo': '(' is never closed"),
        ("foo)", "line 1, column 4 near ')': ')' closes nothing"),
        ('a{b="c}', "line 1, column 5 near"),
        ("foo bar", "line 1, column 5 near 'bar'"),
        ("sum(foo\n  bar)", "line 2, column 3 near"),
        ("sum by (le) (a) / max(b c, 1)", "line 1, column 25 near 'c, 1)'"),
        ("", "at its end"),
        ("rate(foo)", "expected type matrix"),
        ("bogus(foo)", "unknown function"),
        ("foo[5m]", "can't be judged"),
        ('"text"', "can't be judged"),
        ("info(foo)", "beyond the selectors"),
        ("a + fill(0) b", "or` instead"),
        ('a{b=`\\d`}', "double quotes"),
        ('a{pod="$new"}', "write =~"),
        ('a{pod!="$old"}', "write !~"),
        ('a{pod=~"$newest"}', "$newest in the matcher of pod is unknown"),
        ('label_replace(a, "x", "$new", "y", "(.*)")', "${new}"),
        ("(" * 200 + "1" + ")" * 200, "nested more than 50 deep"),
        ("a" + "+a" * 300, "nested more than 100 deep"),
    ],
)
def test_a_query_that_can_not_be_asked_says_where_and_why(text: str, said: str) -> None:
    (problem,) = check_promql(text, field="spec.gates[0].promql")
    assert said in problem.message
    assert problem.field == "spec.gates[0].promql"


def test_a_good_query_has_no_problems() -> None:
    assert check_promql('histogram_quantile(0.99, sum by (le) (rate(x_bucket{pod=~"$new"}[1m])))') == ()


def test_binding_a_bad_query_raises_instead_of_asking_something_else() -> None:
    with pytest.raises(InvalidPromQL, match="never closed"):
        bound("sum(")


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("a", 'time() - min(timestamp(a{namespace="shop"}))'),
        ("sum(a) / sum(a)", 'time() - min(timestamp(a{namespace="shop"}))'),
        ("rate(a[1m])", None),
        ("a offset 1m", None),
        ("a @ 5", None),
        ("vector(1)", None),
        (
            "a - b",
            'time() - min(label_replace(timestamp(a{namespace="shop"}), "saferollout_selector", "0", "", "") or '
            + 'label_replace(timestamp(b{namespace="shop"}), "saferollout_selector", "1", "", ""))',
        ),
    ],
)
def test_the_age_of_instant_samples_is_asked_ranges_limit_themselves(text: str, age: str | None) -> None:
    assert age_of(text, namespace="shop", labels=Labels(), arms=ARMS) == age


def test_a_query_tells_whether_it_needs_pods() -> None:
    assert uses_pods('a{pod=~"$old"}')
    assert not uses_pods('a{namespace="$namespace"}')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('sum(up{namespace="other"})', 'namespace="other" selects nothing, because only namespace shop is asked'),
        ('sum(up{namespace!="shop"})', 'namespace!="shop" selects nothing, because only namespace shop is asked'),
        ('up{pod="a"} or up{pod="b",namespace="other"}', 'namespace="other" selects nothing, because only namespace shop is asked'),
        ('sum(up{namespace="$namespace"}) + sum(up{namespace="shop"})', ""),
        ('sum(up{namespace=~"s.*"})', ""),
        ("1", ""),
    ],
)
def test_a_query_for_another_namespace_is_told_why_it_finds_nothing(text: str, said: str) -> None:
    assert foreign_namespace(text, namespace="shop", labels=Labels()) == said

"""What can be seen to be worse, each with the words in which a person reads it."""

from saferollout.api.explained import ExplainedWord


class Symptom(ExplainedWord):
    """What a reading can be about: a count of bad events (`meaning`) among all events (`among`), so that any exporter can fill it.

    A pod that is starting is not yet NOT_READY: only one that was ready before, or that is late.
    """

    among: str

    def __init__(self, word: str, meaning: str, among: str) -> None:
        super().__init__(word, meaning)
        self.among = among

    # Topics.
    DEAD_LETTERS = "DeadLetters", "dead letters", "records"
    CONSUMER_FAILURES = "ConsumerFailures", "failed records", "records handled"
    STALLED = "Stalled", "pods that stand still while the topic grows", "pod looks"
    LAG = "Lag", "looks at a growing lag", "looks"
    TOPIC_SILENT = "TopicSilent", "looks without a new record", "looks"
    SEND_FAILURES = "SendFailures", "records that could not be sent", "records sent"
    # Requests, on the server.
    REJECTED = "Rejected", "answers 400 or 422", "answers"
    DENIED = "Denied", "answers 401, 403, 404 or 429", "answers"
    OTHER_4XX = "Other4xx", "other answers 4xx (405, 409, 413, 415 and the like)", "answers"
    ANY_4XX = "Any4xx", "answers 4xx", "answers"
    SERVER_ERRORS = "ServerErrors", "answers 5xx", "answers"
    SLOW = "Slow", "slow answers", "answers"
    LATENCY_SWINGS = "LatencySwings", "looks at a latency far from its mean", "looks"
    FEWER_REQUESTS = "FewerRequests", "requests that do not come any more", "requests expected"
    MORE_REQUESTS = "MoreRequests", "requests more than before", "requests expected"
    # Requests, as the client saw them.
    CALLS_REJECTED = "CallsRejected", "calls answered 400 or 422", "calls"
    CALLS_DENIED = "CallsDenied", "calls answered 401, 403, 404 or 429", "calls"
    CALLS_OTHER_4XX = "CallsOther4xx", "calls with another answer 4xx (405, 409, 413, 415 and the like)", "calls"
    CALLS_ANY_4XX = "CallsAny4xx", "calls answered 4xx", "calls"
    CALLS_FAILED = "CallsFailed", "calls answered 5xx or not at all", "calls"
    # Caches and tables.
    CACHE_MISSES = "CacheMisses", "cache misses", "cache gets"
    CACHE_PUTS = "CachePuts", "cache puts", "cache gets"
    EVICTIONS = "Evictions", "entries that the cache threw out", "seconds"
    DATA_ERRORS = "DataErrors", "statements that fail with SQLSTATE 22, 23 or 42", "statements"
    CONNECTION_ERRORS = "ConnectionErrors", "statements that fail with SQLSTATE 08, 53 or 57", "statements"
    # Pods.
    RESTARTS = "Restarts", "container restarts", "pod looks"
    NOT_READY = "NotReady", "pods not ready", "pod looks"
    SATURATED = "Saturated", "looks at a pod at its limit (CPU throttled, pools exhausted)", "pod looks"

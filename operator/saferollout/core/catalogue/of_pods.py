"""Series that pods of the released workloads expose themselves, or somebody for them: only these tell new pods from old ones.

Per signal the first is preferred; names were read in the sources that each row has.
"""

from typing import Final

from saferollout.core.catalogue.series import Aggregate, Key, Matcher, Other, Reading, Series, SignalName, Subject

_MICROMETER: Final = "Micrometer"
_SPRING_KAFKA: Final = "Spring Kafka"
_OTEL: Final = "OpenTelemetry"
_ISTIO: Final = "Istio"
_LINKERD: Final = "Linkerd"
_KSM: Final = "kube-state-metrics"

_OF_MICROMETER: Final = "micrometer-metrics/micrometer: timers become _seconds_count, _sum and _bucket, tags become labels"
_OF_KAFKA_CLIENT: Final = "micrometer-metrics/micrometer KafkaMetrics: kafka. + group + name; Apache Kafka, consumer and producer metrics"
_OF_OTEL_KAFKA: Final = "open-telemetry/opentelemetry-java-instrumentation, Kafka clients: kafka.consumer + name; Apache Kafka, consumer metrics"
_OF_SPRING_KAFKA: Final = "spring-kafka reference, Monitoring: spring.kafka.listener and spring.kafka.template"
_OF_OTEL: Final = "open-telemetry/semantic-conventions (2026-08) and the Prometheus naming of OpenTelemetry"
_OF_ISTIO: Final = "istio/istio.io, Istio standard metrics"
_OF_LINKERD: Final = "linkerd.io, proxy metrics"
_OF_KSM: Final = "kubernetes/kube-state-metrics docs/metrics/workload/pod-metrics.md"
_OF_KSM_NODES: Final = "kubernetes/kube-state-metrics docs/metrics/workload/pod-metrics.md and docs/metrics/cluster/node-metrics.md"
_OF_PROMETHEUS: Final = "prometheus/prometheus docs/concepts/jobs_instances.md"
_OF_CADVISOR: Final = "google/cadvisor docs/storage/prometheus.md"
_OF_CACHE: Final = "micrometer-metrics/micrometer CacheMeterBinder"
_OF_HIKARI: Final = "micrometer-metrics/micrometer, HikariCP's own MicrometerMetricsTracker"

_BUCKETS: Final = "have it publish buckets: management.metrics.distribution.percentiles-histogram.http.server.requests=true"
_OTEL_BUCKETS: Final = "have the exporter write classic buckets: a histogram without them (native, or count and sum only) gives no quantile"
_STATISTICS: Final = "switch the cache's statistics on: spring.cache.redis.enable-statistics=true, or recordStats() for Caffeine, and name it in spring.cache.cache-names"
_OWNED_BY_LAG: Final = "a pod owns the partitions whose lag it reports; a minute may go by until it does"
_FAILED_OUTCOME: Final = "(?!none$).+"


def _pod(signal: SignalName, exporter: str, metric: str, source: str, *keys: Key, reading: Reading = Reading.COUNTER, **more: object) -> Series:
    return Series(signal=signal, exporter=exporter, metric=metric, reading=reading, subject=Subject.POD, source=source, keys=keys, **more)  # type: ignore[arg-type]


_STATUS: Final = Key("status")
_OTEL_STATUS: Final = Key("status", "http_response_status_code")
_MESH_STATUS: Final = Key("status", "response_code")
_LINKERD_STATUS: Final = Key("status", "status_code")
_INBOUND: Final = (Matcher("direction", "inbound"),)
_OUTBOUND: Final = (Matcher("direction", "outbound"),)
_AT_DESTINATION: Final = (Matcher("reporter", "destination"),)
_AT_SOURCE: Final = (Matcher("reporter", "source"),)
_OF_TOPIC: Final = Key("topic", optional=True)
_MILLISECONDS: Final = 0.001
_GOING_OR_GONE: Final = (
    Other("kube_pod_deletion_timestamp"),
    Other("kube_pod_status_phase", (Matcher("phase", "Failed"),)),
    Other("kube_pod_status_phase", (Matcher("phase", "Succeeded"),)),
)
"""A pod that is being deleted, or has ended, is not ready by right."""

_READY_NODE: Final = Other("kube_node_status_condition", (Matcher("condition", "Ready"), Matcher("status", "true")), on="node")

HTTP: Final = (
    _pod(SignalName.HTTP_SERVER, _MICROMETER, "http_server_requests_seconds_count", _OF_MICROMETER, _STATUS),
    _pod(SignalName.HTTP_SERVER, _OTEL, "http_server_request_duration_seconds_count", _OF_OTEL, _OTEL_STATUS),
    _pod(SignalName.HTTP_SERVER, _ISTIO, "istio_requests_total", _OF_ISTIO, _MESH_STATUS, matchers=_AT_DESTINATION,
         note="counted by the sidecar; where a waypoint counts instead, the pod is the waypoint's"),
    _pod(SignalName.HTTP_SERVER, _LINKERD, "response_total", _OF_LINKERD, _LINKERD_STATUS, matchers=_INBOUND, note="counted by the proxy"),
    _pod(SignalName.HTTP_CLIENT, _MICROMETER, "http_client_requests_seconds_count", _OF_MICROMETER, _STATUS,
         note="only of a RestTemplate, RestClient or WebClient that Spring Boot's builder made"),
    _pod(SignalName.HTTP_CLIENT, _OTEL, "http_client_request_duration_seconds_count", _OF_OTEL, Key("status", "http_response_status_code", optional=True),
         note="a request without an answer has no status"),
    _pod(SignalName.HTTP_CLIENT, _ISTIO, "istio_requests_total", _OF_ISTIO, _MESH_STATUS, Key("server", "destination_workload", optional=True), matchers=_AT_SOURCE,
         note="counted by the sidecar"),
    _pod(SignalName.HTTP_CLIENT, _LINKERD, "response_total", _OF_LINKERD, _LINKERD_STATUS, Key("server", "dst_deployment", optional=True), matchers=_OUTBOUND,
         note="counted by the proxy"),
    _pod(SignalName.LATENCY, _MICROMETER, "http_server_requests_seconds_bucket", _OF_MICROMETER, Key("le"),
         beside="http_server_requests_seconds_count", enable=_BUCKETS),
    _pod(SignalName.LATENCY, _OTEL, "http_server_request_duration_seconds_bucket", _OF_OTEL, Key("le"),
         beside="http_server_request_duration_seconds_count", enable=_OTEL_BUCKETS),
    _pod(SignalName.LATENCY, _ISTIO, "istio_request_duration_milliseconds_bucket", _OF_ISTIO, Key("le"), matchers=_AT_DESTINATION, unit=_MILLISECONDS),
    _pod(SignalName.LATENCY, _LINKERD, "response_latency_ms_bucket", _OF_LINKERD, Key("le"), matchers=_INBOUND, unit=_MILLISECONDS),
    _pod(SignalName.LATENCY_SUM, _MICROMETER, "http_server_requests_seconds_sum", _OF_MICROMETER),
    _pod(SignalName.LATENCY_SUM, _OTEL, "http_server_request_duration_seconds_sum", _OF_OTEL),
    _pod(SignalName.LATENCY_SUM, _ISTIO, "istio_request_duration_milliseconds_sum", _OF_ISTIO, matchers=_AT_DESTINATION, unit=_MILLISECONDS),
    _pod(SignalName.LATENCY_SUM, _LINKERD, "response_latency_ms_sum", _OF_LINKERD, matchers=_INBOUND, unit=_MILLISECONDS),
)  # fmt: skip

MESSAGING: Final = (
    _pod(SignalName.CONSUMER_FAILURES, _SPRING_KAFKA, "spring_kafka_listener_seconds_count", _OF_SPRING_KAFKA, Key("result"), failed="failure",
         note="the exception is ListenerExecutionFailedException whatever the cause was"),
    _pod(SignalName.CONSUMER_FAILURES, "Spring Kafka observations", "spring_kafka_listener_seconds_count", _OF_SPRING_KAFKA, Key("result", "error"),
         Key("topic", "messaging_source_name", optional=True), failed=_FAILED_OUTCOME, note="observationEnabled replaces the timers of the row above"),
    _pod(SignalName.CONSUMER_FAILURES, _OTEL, "messaging_process_duration_seconds_count", _OF_OTEL, Key("result", "error_type", optional=True),
         Key("topic", "messaging_destination_name", optional=True), failed=".+", note="in development in the conventions: may be renamed"),
    _pod(SignalName.RECORDS_CONSUMED, "Kafka client via Micrometer", "kafka_consumer_fetch_manager_records_consumed_total", _OF_KAFKA_CLIENT, _OF_TOPIC),
    _pod(SignalName.RECORDS_CONSUMED, "Kafka client via OpenTelemetry", "kafka_consumer_records_consumed_total", _OF_OTEL_KAFKA, _OF_TOPIC),
    _pod(SignalName.RECORDS_CONSUMED, _OTEL, "messaging_client_consumed_messages_total", _OF_OTEL, Key("topic", "messaging_destination_name", optional=True),
         note="in development in the conventions: may be renamed"),
    _pod(SignalName.RECORDS_CONSUMED, _SPRING_KAFKA, "spring_kafka_listener_seconds_count", _OF_SPRING_KAFKA, note="failed ones included; of all its topics, so that a stall of one of several is not seen"),
    _pod(SignalName.ASSIGNED_PARTITIONS, "Kafka client via Micrometer", "kafka_consumer_coordinator_assigned_partitions", _OF_KAFKA_CLIENT,
         reading=Reading.GAUGE, note="of all its topics and groups"),
    _pod(SignalName.ASSIGNED_PARTITIONS, "Kafka client via OpenTelemetry", "kafka_consumer_assigned_partitions", _OF_OTEL_KAFKA,
         reading=Reading.GAUGE, note="of all its topics and groups"),
    _pod(SignalName.OWNED_PARTITIONS, "Kafka client via Micrometer", "kafka_consumer_fetch_manager_records_lag", _OF_KAFKA_CLIENT, Key("topic"), Key("partition"),
         reading=Reading.GAUGE, aggregate=Aggregate.MAX, note=_OWNED_BY_LAG),
    _pod(SignalName.OWNED_PARTITIONS, "Kafka client via OpenTelemetry", "kafka_consumer_records_lag", _OF_OTEL_KAFKA, Key("topic"), Key("partition"),
         reading=Reading.GAUGE, aggregate=Aggregate.MAX, note=_OWNED_BY_LAG),
    _pod(SignalName.PRODUCER_ERRORS, "Kafka client via Micrometer", "kafka_producer_record_error_total", _OF_KAFKA_CLIENT),
    _pod(SignalName.PRODUCER_ERRORS, _SPRING_KAFKA, "spring_kafka_template_seconds_count", _OF_SPRING_KAFKA, matchers=(Matcher("result", "failure"),),
         note="exists only after its first failure"),
    _pod(SignalName.RECORDS_SENT, "Kafka client via Micrometer", "kafka_producer_record_send_total", _OF_KAFKA_CLIENT),
    _pod(SignalName.RECORDS_SENT, _SPRING_KAFKA, "spring_kafka_template_seconds_count", _OF_SPRING_KAFKA, note="failed ones included"),
)  # fmt: skip

STORES: Final = (
    _pod(SignalName.CACHE_GETS, _MICROMETER, "cache_gets_total", _OF_CACHE, Key("result"), Key("cache"), beside="cache_puts_total", enable=_STATISTICS, failed="miss"),
    _pod(SignalName.CACHE_PUTS, _MICROMETER, "cache_puts_total", _OF_CACHE, Key("cache"), beside="cache_gets_total", enable=_STATISTICS),
    _pod(SignalName.CACHE_EVICTIONS, _MICROMETER, "cache_evictions_total", _OF_CACHE, Key("cache"), note="of caches inside the process"),
    _pod(SignalName.DB_OPERATIONS, _OTEL, "db_client_operation_duration_seconds_count", _OF_OTEL, Key("sqlstate", "db_response_status_code", optional=True),
         failed=".+", note="the status code is the SQLSTATE where the database is Postgres"),
    _pod(SignalName.POOL_PENDING, "HikariCP", "hikaricp_connections_pending", _OF_HIKARI, Key("pool"), reading=Reading.GAUGE),
    _pod(SignalName.POOL_PENDING, _OTEL, "db_client_connection_pending_requests", _OF_OTEL, Key("pool", "db_client_connection_pool_name", optional=True),
         reading=Reading.GAUGE, note="in development in the conventions: may be renamed"),
    _pod(SignalName.POOL_TIMEOUTS, "HikariCP", "hikaricp_connections_timeout_total", _OF_HIKARI, Key("pool")),
    _pod(SignalName.POOL_TIMEOUTS, _OTEL, "db_client_connection_timeouts_total", _OF_OTEL, Key("pool", "db_client_connection_pool_name", optional=True),
         note="in development in the conventions: may be renamed"),
)  # fmt: skip

CONTAINERS: Final = (
    _pod(SignalName.RESTARTS, _KSM, "kube_pod_container_status_restarts_total", _OF_KSM, Key("container"), aggregate=Aggregate.MAX),
    _pod(SignalName.RESTARTS, "cAdvisor", "container_start_time_seconds", _OF_CADVISOR, Key("container"), reading=Reading.START, aggregate=Aggregate.MAX,
         note="a start time that grows is a restart; two between two looks count once"),
    _pod(SignalName.READINESS, _KSM, "kube_pod_status_ready", _OF_KSM, matchers=(Matcher("condition", "true"),), reading=Reading.GAUGE, aggregate=Aggregate.MAX,
         unless=_GOING_OR_GONE, note="pods that are being deleted, or have ended, are left out"),
    _pod(SignalName.NODE_READY, _KSM, "kube_pod_info", _OF_KSM_NODES, Key("node"), reading=Reading.GAUGE, aggregate=Aggregate.MIN,
         times=_READY_NODE, unless=_GOING_OR_GONE, note="only nodes on which pods of the workloads run"),
    _pod(SignalName.SCRAPED, "Prometheus", "up", _OF_PROMETHEUS, reading=Reading.GAUGE, aggregate=Aggregate.MAX, note="1 while one of a pod's targets answers"),
    _pod(SignalName.CPU_THROTTLING, "cAdvisor", "container_cpu_cfs_throttled_periods_total", _OF_CADVISOR, Key("container"), aggregate=Aggregate.MAX),
)  # fmt: skip

OF_PODS: Final = (*HTTP, *MESSAGING, *STORES, *CONTAINERS)

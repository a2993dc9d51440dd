"""Series of brokers, databases, caches and gateways: they belong to the whole cluster and never tell new pods from old ones.

Per signal the first is preferred; names were read in the sources that each row has.
"""

from typing import Final

from saferollout.core.catalogue.series import Aggregate, Key, Matcher, Reading, Series, SignalName, Subject

_KAFKA_EXPORTER: Final = "kafka_exporter"
_RABBITMQ: Final = "RabbitMQ"
_NATS: Final = "NATS exporter"

_OF_KAFKA_EXPORTER: Final = "danielqsj/kafka_exporter README, which is also what Strimzi deploys"
_OF_BURROW: Final = "linkedin/Burrow core/internal/httpserver/prometheus.go"
_OF_STRIMZI: Final = "strimzi/strimzi-kafka-operator, example rules of the JMX exporter"
_OF_RABBITMQ: Final = "rabbitmq/rabbitmq-server deps/rabbitmq_prometheus/metrics.md and metrics-detailed.md"
_OF_NATS: Final = "nats-io/prometheus-nats-exporter collector/jsz.go"
_OF_REDIS: Final = "oliver006/redis_exporter"
_OF_MEMCACHED: Final = "prometheus/memcached_exporter"
_OF_POSTGRES: Final = "prometheus-community/postgres_exporter"
_OF_ISTIO_GATEWAY: Final = "envoyproxy/envoy, server statistics; istio/istio, charts/gateway and samples/addons/prometheus.yaml, where labels of pods become labels of series"
_OF_NGINX: Final = "kubernetes/ingress-nginx docs/user-guide/monitoring.md"
_OF_TRAEFIK: Final = "traefik/traefik, metrics"

_PARTITION: Final = (Key("partition"),)
_DETAILED: Final = "scrape /metrics/detailed?family=queue_coarse_metrics: /metrics alone is the sum of all queues"
_STANDS_STILL: Final = "asked for every 10 s, and keeps its last value while Burrow can't reach the broker"
_A_DEPTH: Final = "a depth, not an inflow: it falls when records expire or are replayed"


def _of(signal: SignalName, exporter: str, metric: str, source: str, *keys: Key, subject: Subject, reading: Reading, **more: object) -> Series:
    aggregate = Aggregate.MAX if reading is not Reading.COUNTER else Aggregate.SUM
    given = {"aggregate": aggregate, **more}
    return Series(signal=signal, exporter=exporter, metric=metric, reading=reading, subject=subject, source=source, keys=keys, **given)  # type: ignore[arg-type]


def _of_topic(signal: SignalName, exporter: str, metric: str, source: str, *keys: Key, label: str, reading: Reading, **more: object) -> Series:
    return _of(signal, exporter, metric, source, *keys, subject=Subject.TOPIC, subject_label=label, reading=reading, **more)


def _of_group(signal: SignalName, exporter: str, metric: str, source: str, *keys: Key, label: str, topic: str, reading: Reading, **more: object) -> Series:
    return _of(signal, exporter, metric, source, *keys, subject=Subject.GROUP, subject_label=label, topic_label=topic, reading=reading, **more)


def _of_server(signal: SignalName, exporter: str, metric: str, source: str, *keys: Key, reading: Reading = Reading.GAUGE, **more: object) -> Series:
    return _of(signal, exporter, metric, source, *keys, subject=Subject.SERVER, reading=reading, **more)


TOPICS: Final = (
    _of_topic(SignalName.DEAD_LETTERS, _KAFKA_EXPORTER, "kafka_topic_partition_current_offset", _OF_KAFKA_EXPORTER, *_PARTITION, label="topic", reading=Reading.OFFSET),
    _of_topic(SignalName.DEAD_LETTERS, "Burrow", "burrow_kafka_topic_partition_offset", _OF_BURROW, *_PARTITION, label="topic", reading=Reading.OFFSET, note=_STANDS_STILL),
    _of_topic(SignalName.DEAD_LETTERS, _NATS, "jetstream_stream_last_seq", _OF_NATS, label="stream_name", reading=Reading.OFFSET),
    _of_topic(SignalName.DEAD_LETTERS, _RABBITMQ, "rabbitmq_detailed_queue_messages_ready", _OF_RABBITMQ, label="queue", reading=Reading.GAUGE,
              aggregate=Aggregate.SUM, beside="rabbitmq_build_info", enable=_DETAILED, note=_A_DEPTH),
    _of_topic(SignalName.DEAD_LETTERS, _RABBITMQ, "rabbitmq_queue_messages_ready", _OF_RABBITMQ, label="queue", reading=Reading.GAUGE, aggregate=Aggregate.SUM,
              note=f"from /metrics/per-object; {_A_DEPTH}"),
    _of_server(SignalName.DEAD_LETTERS, _RABBITMQ, "rabbitmq_global_messages_dead_lettered_rejected_total", _OF_RABBITMQ, reading=Reading.COUNTER,
               note="of all queues of the broker together"),
    _of_group(SignalName.GROUP_LAG, _KAFKA_EXPORTER, "kafka_consumergroup_lag", _OF_KAFKA_EXPORTER, *_PARTITION, label="consumergroup", topic="topic", reading=Reading.GAUGE,
              note="-1 where a group has no offset for a partition"),
    _of_group(SignalName.GROUP_LAG, "Burrow", "burrow_kafka_consumer_partition_lag", _OF_BURROW, *_PARTITION, label="consumer_group", topic="topic", reading=Reading.GAUGE),
    _of_group(SignalName.GROUP_LAG, _NATS, "jetstream_consumer_num_pending", _OF_NATS, label="consumer_name", topic="stream_name", reading=Reading.GAUGE),
    _of_topic(SignalName.GROUP_LAG, _RABBITMQ, "rabbitmq_detailed_queue_messages_ready", _OF_RABBITMQ, label="queue", reading=Reading.GAUGE, aggregate=Aggregate.SUM,
              beside="rabbitmq_build_info", enable=_DETAILED, note="a queue has one group of consumers"),
    _of_group(SignalName.GROUP_OFFSET, _KAFKA_EXPORTER, "kafka_consumergroup_current_offset", _OF_KAFKA_EXPORTER, *_PARTITION, label="consumergroup", topic="topic", reading=Reading.OFFSET),
    _of_topic(SignalName.TOPIC_INFLOW, _KAFKA_EXPORTER, "kafka_topic_partition_current_offset", _OF_KAFKA_EXPORTER, *_PARTITION, label="topic", reading=Reading.OFFSET),
    _of_topic(SignalName.TOPIC_INFLOW, "Burrow", "burrow_kafka_topic_partition_offset", _OF_BURROW, *_PARTITION, label="topic", reading=Reading.OFFSET, note=_STANDS_STILL),
    _of_topic(SignalName.TOPIC_INFLOW, _NATS, "jetstream_stream_last_seq", _OF_NATS, label="stream_name", reading=Reading.OFFSET),
    _of_server(SignalName.TOPIC_INFLOW, _RABBITMQ, "rabbitmq_global_messages_received_total", _OF_RABBITMQ, reading=Reading.COUNTER,
               note="of all queues of the broker together; counters of channels go away with their channel, so they can't be used"),
)  # fmt: skip

LIVENESS: Final = (
    _of_server(SignalName.BROKERS_UP, _KAFKA_EXPORTER, "kafka_brokers", _OF_KAFKA_EXPORTER),
    _of_server(SignalName.BROKERS_UP, "Strimzi", "kafka_controller_kafkacontroller_activecontrollercount", _OF_STRIMZI, aggregate=Aggregate.SUM,
               note="1 while the cluster has a controller"),
    _of_server(SignalName.BROKERS_UP, _RABBITMQ, "rabbitmq_build_info", _OF_RABBITMQ, aggregate=Aggregate.SUM, note="1 for each node"),
    _of_server(SignalName.BROKERS_UP, _NATS, "jetstream_server_total_streams", _OF_NATS, aggregate=Aggregate.SUM, note="above 0 while a server with streams answers"),
    _of_server(SignalName.DATABASE_UP, "postgres_exporter", "pg_up", _OF_POSTGRES, aggregate=Aggregate.MIN),
    _of_server(SignalName.DATABASE_START, "postgres_exporter", "pg_postmaster_start_time_seconds", _OF_POSTGRES, reading=Reading.START),
    _of_server(SignalName.CACHE_UP, "redis_exporter", "redis_up", _OF_REDIS, aggregate=Aggregate.MIN),
    _of_server(SignalName.CACHE_UP, "memcached_exporter", "memcached_up", _OF_MEMCACHED, aggregate=Aggregate.MIN),
    _of_server(SignalName.CACHE_START, "redis_exporter", "redis_uptime_in_seconds", _OF_REDIS, reading=Reading.UPTIME, aggregate=Aggregate.MIN),
    _of_server(SignalName.CACHE_START, "memcached_exporter", "memcached_uptime_seconds", _OF_MEMCACHED, reading=Reading.UPTIME, aggregate=Aggregate.MIN),
    _of_server(SignalName.CACHE_EVICTIONS, "redis_exporter", "redis_evicted_keys_total", _OF_REDIS, reading=Reading.COUNTER),
    _of_server(SignalName.CACHE_EVICTIONS, "memcached_exporter", "memcached_items_evicted_total", _OF_MEMCACHED, reading=Reading.COUNTER),
)  # fmt: skip

GATEWAYS: Final = (
    _of_server(SignalName.GATEWAY_START, "ingress-nginx", "nginx_ingress_controller_nginx_process_oldest_start_time_seconds", _OF_NGINX, reading=Reading.START),
    _of_server(SignalName.GATEWAY_START, "Istio's ingress gateway", "envoy_server_uptime", _OF_ISTIO_GATEWAY, matchers=(Matcher("istio", "ingressgateway"),),
               reading=Reading.UPTIME, aggregate=Aggregate.MIN,
               note="every sidecar reports it too, so an Envoy counts only where a label says that it is the gateway: name yours in prometheus.series"),
    _of_server(SignalName.GATEWAY_START, "Traefik", "traefik_config_reloads_total", _OF_TRAEFIK, reading=Reading.COUNTER,
               note="a count that falls is a start; the time of the last reload says nothing, since each new endpoint is one"),
)  # fmt: skip

OF_SERVERS: Final = (*TOPICS, *LIVENESS, *GATEWAYS)

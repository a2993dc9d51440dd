#!/bin/sh
# Format the log once, then be the broker. A hundred records a second need neither much heap nor the second compiler.
set -e
JAVA="/usr/lib/jvm/java-17-openjdk-amd64/bin/java"
[ -x "$JAVA" ] || JAVA=$(ls /usr/lib/jvm/*/bin/java | head -n 1)
OPTIONS="-Xms128m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
export CLASSPATH="/opt/kafka/libs/*"
if [ ! -f /data/logs/meta.properties ]; then
    "$JAVA" $OPTIONS kafka.tools.StorageTool format --cluster-id MkU3OEVBNTcwNTJENDM2Qg --config /opt/kafka/server.properties
fi
exec "$JAVA" $OPTIONS kafka.Kafka /opt/kafka/server.properties

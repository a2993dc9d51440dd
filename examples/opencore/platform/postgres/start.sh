#!/bin/sh
# Make the database once, then serve it to every pod of the namespace. The password is the scene's own, like everything in it.
set -e
BIN=$(ls -d /usr/lib/postgresql/*/bin | head -n 1)
if [ ! -f /data/db/PG_VERSION ]; then
    rm -rf /data/db
    printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
    "$BIN/initdb" --pgdata=/data/db --username=opencore --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
    rm /tmp/password
    echo "host all all all scram-sha-256" >> /data/db/pg_hba.conf
    echo "CREATE DATABASE opencore" | "$BIN/postgres" --single -D /data/db postgres > /dev/null
fi
exec "$BIN/postgres" -D /data/db -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off -c shared_buffers=32MB -c max_connections=60 -c jit=off

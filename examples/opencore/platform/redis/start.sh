#!/bin/sh
# A cache: nothing is kept on disk, and the oldest entry goes when there is no room.
exec redis-server --port 6379 --bind '*' --protected-mode no --save '' --appendonly no --maxmemory 32mb --maxmemory-policy allkeys-lru

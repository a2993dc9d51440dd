"""What the services of the scene share: HTTP, Kafka, Postgres, the cache, and metrics named as Spring Boot and Micrometer name them."""

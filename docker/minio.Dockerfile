# MinIO publishes no images any more; this builds the version that davgallery is tested with.
FROM golang:1.26 AS build
RUN CGO_ENABLED=0 go install -trimpath -ldflags=-s github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10002 --create-home minio \
    && install -d -o minio -g minio -m 700 /data
COPY --from=build /go/bin/minio /usr/local/bin/minio
USER minio
VOLUME /data
EXPOSE 9000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=1s \
    CMD ["curl", "--fail", "--silent", "http://127.0.0.1:9000/minio/health/live"]
ENTRYPOINT ["minio", "server", "/data", "--address", ":9000", "--console-address", ":9001"]

# The sidecar's image. Context: a folder with the program chaperone-sidecar, built on Debian 12.
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        libabsl20220623 \
        libc-ares2 \
        libcjose0 \
        libfmt9 \
        libgrpc++1.51 \
        libgrpc29 \
        libjansson4 \
        libprometheus-cpp-core1.0 \
        libprotobuf32 \
        libre2-9 \
        libspdlog1.10 \
        libssl3 \
        libstdc++6 \
        libvectorscan5 \
        libyaml-cpp0.7 \
        libzstd1 \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=0755 chaperone-sidecar /usr/bin/chaperone-sidecar
USER 10001:10001
EXPOSE 15432 9401
ENTRYPOINT ["/usr/bin/chaperone-sidecar"]
CMD ["--config", "/etc/chaperone/config/sidecar.yaml"]

# The control plane's image. Context: a folder with the program chaperone-controlplane, built on Debian 12.
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        libabsl20220623 \
        libc-ares2 \
        libcjose0 \
        libcurl4 \
        libfmt9 \
        libgrpc++1.51 \
        libgrpc29 \
        libjansson4 \
        libprometheus-cpp-core1.0 \
        libprotobuf32 \
        libre2-9 \
        librocksdb7.8 \
        libspdlog1.10 \
        libssl3 \
        libstdc++6 \
        libyaml-cpp0.7 \
        libzstd1 \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=0755 chaperone-controlplane /usr/bin/chaperone-controlplane
USER 10001:10001
VOLUME /var/lib/chaperone
EXPOSE 7400 9400
ENTRYPOINT ["/usr/bin/chaperone-controlplane"]
CMD ["--config", "/etc/chaperone/config/controlplane.yaml"]

# The CLI's image. Context: a folder with the program chaperone, built on Debian 12.
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        libabsl20220623 \
        libc-ares2 \
        libfmt9 \
        libgrpc++1.51 \
        libgrpc29 \
        libprotobuf32 \
        libre2-9 \
        libssl3 \
        libstdc++6 \
        libyaml-cpp0.7 \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=0755 chaperone /usr/bin/chaperone
USER 10001:10001
ENTRYPOINT ["/usr/bin/chaperone"]

# One image, roles by argument: `serve` (the default), `serve --only notes`, `migrate up`, `demo`, …
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The full build has TLS to PostgreSQL, which needs perl and make; both are in this image.
RUN cargo build --release --locked --features full

FROM gcr.io/distroless/cc-debian12
LABEL org.opencontainers.image.title="Banyan" \
      org.opencontainers.image.description="An airline passenger portal that can be taken apart one flag at a time" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build --chmod=0555 /src/target/release/banyan /usr/bin/banyan
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV BANYAN__HTTP__LISTEN=0.0.0.0:8080 BANYAN__OPS__LISTEN=0.0.0.0:9090
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["/usr/bin/banyan", "health", "--data", "/data", "--ops", "http://127.0.0.1:9090"]
ENTRYPOINT ["/usr/bin/banyan", "--data", "/data"]
CMD ["serve"]

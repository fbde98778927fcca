# One registry, with its data in a volume: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t rollcall .
#
# The image contains the archive: Deno, the built files and a start script. Nothing else is installed, and it writes only to /data:
# run it with --read-only.
#
# The base is node:24-slim as of Node 24.19.0 on Debian 12, by the digest of its index for all architectures, so that the same commit gives the
# same image. For a newer one, put the digest that `docker buildx imagetools inspect node:24-slim` prints into both lines.
FROM node:24-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df AS pack
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run archive -- --out /tmp/archive

FROM node:24-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df
ARG COMMIT=
ENV ROLLCALL_COMMIT=$COMMIT ROLLCALL_DATA=/data
WORKDIR /opt/rollcall
COPY --from=pack /tmp/archive/rollcall-*.tar.gz /tmp/rollcall.tar.gz
RUN tar -xzf /tmp/rollcall.tar.gz --strip-components=1 && rm /tmp/rollcall.tar.gz
RUN install -d -o 1000 -g 1000 -m 0700 /data
USER 1000:1000
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/opt/rollcall/deno", "eval", "--no-config", "Deno.exit(await fetch('http://127.0.0.1:8787/health').then((answer) => answer.ok ? 0 : 1, () => 1))"]
ENTRYPOINT ["/opt/rollcall/rollcall"]
CMD ["serve", "--host", "0.0.0.0"]

# One registry, with its data in a volume: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t rollcall .
#
# The base is node:24-slim as of Node 24.19.0 on Debian 12, by the digest of its index for all architectures, so that the same commit gives the
# same image. For a newer one, put what `docker buildx imagetools inspect node:24-slim` says into both lines.
FROM node:24-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df AS pack
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm pack --pack-destination /tmp

FROM node:24-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df
ARG COMMIT=
ENV ROLLCALL_COMMIT=$COMMIT ROLLCALL_DATA=/data
WORKDIR /opt/rollcall
COPY --from=pack /tmp/rollcall-*.tgz /tmp/rollcall.tgz
RUN tar -xzf /tmp/rollcall.tgz --strip-components=1 && rm /tmp/rollcall.tgz
# The package comes without its lock file, which would bind those who install the client from npm as well.
COPY package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/opt/rollcall/bin/rollcall.js"]
CMD ["serve", "--host", "0.0.0.0"]

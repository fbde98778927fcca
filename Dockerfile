# One registry, with its data in a volume: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t rollcall .
FROM node:24-slim AS pack
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm pack --pack-destination /tmp

FROM node:24-slim
ARG COMMIT=
ENV ROLLCALL_COMMIT=$COMMIT ROLLCALL_DATA=/data
WORKDIR /opt/rollcall
COPY --from=pack /tmp/rollcall-*.tgz /tmp/rollcall.tgz
RUN npm install --omit=dev --no-audit --no-fund /tmp/rollcall.tgz && rm /tmp/rollcall.tgz && npm cache clean --force
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/opt/rollcall/node_modules/.bin/rollcall"]
CMD ["serve", "--host", "0.0.0.0"]

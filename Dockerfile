# The image of stashwatch: a Node, the compiled service and its production packages; no shell, no compiler, no root.
#
#   docker build --tag stashwatch:0.1.0 .
#   docker run --publish 8080:8080 --volume stashwatch-data:/data \
#     --volume ./stashwatch.yaml:/etc/stashwatch/config/stashwatch.yaml:ro stashwatch:0.1.0
#
# In that file: `listen: 0.0.0.0:8080` (a container's loopback is reached by nobody) and `data: /data`.
# It runs with a read-only root file system; it writes to /data, and to /tmp when a disk is mounted there.

ARG NODE_MAJOR=24

FROM node:${NODE_MAJOR}-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The lock file names this folder: the Node that developers run, which no later stage takes along.
COPY tools/node/package.json tools/node/

FROM base AS packages
RUN npm ci --omit=dev --ignore-scripts && rm -f node_modules/.package-lock.json

FROM base AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
# The final stage has no shell to make folders with.
RUN npm run build && mkdir /data

FROM gcr.io/distroless/nodejs${NODE_MAJOR}-debian13:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stashwatch" \
      org.opencontainers.image.description="Watches what Logstash posts and mails the right person when a host leaves its bounds" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
# The base's user would own the folder that WORKDIR makes, and could exchange the program in it.
USER 0:0
WORKDIR /app
COPY --from=build --chown=65532:65532 /data /data
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE CHANGELOG.md ./
COPY bin bin
COPY schemas schemas
COPY fonts fonts
COPY examples examples
USER 65532:65532
VOLUME ["/data"]
EXPOSE 8080
# Orchestrators have probes of their own and ignore this; plain `docker run` shows the health with it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:8080/-/healthy').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "/app/bin/stashwatch.cjs"]
CMD ["start", "--config", "/etc/stashwatch/config/stashwatch.yaml"]

# The worker. `docker build -t slipstream-worker .`; docs/docker.md says what has been run of it.
#
# Debian and not Alpine: Temporal's native core is built for glibc.
ARG NODE_VERSION=24.19.0
FROM node:${NODE_VERSION}-bookworm-slim AS base
WORKDIR /app
# Before the sources, so that a change of code does not install everything again.
COPY package.json package-lock.json ./

FROM base AS build
RUN npm ci --no-audit --no-fund
COPY . .
# Compiles, and bundles the workflows: a worker that takes over then polls seconds earlier.
RUN npm run build

FROM base AS runtime
ENV NODE_ENV=production
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist ./dist
# For the example in docker-compose.yml.
COPY examples/shop/schema.sql examples/shop/pipeline.json ./examples/shop/

LABEL org.opencontainers.image.title="slipstream-worker" \
      org.opencontainers.image.description="Keeps search indexes, replicas and caches equal to a PostgreSQL leader"

# Everything belongs to root: a process that was taken over cannot change its own code.
USER node
# All interfaces of the container; what of it is reachable from outside is said by `ports`.
ENV SLIPSTREAM_HTTP_HOST=0.0.0.0 SLIPSTREAM_HTTP_PORT=9464
# Buffers of large rows go back to the system when they are freed (docs/operations.md, "Memory").
ENV MALLOC_MMAP_THRESHOLD_=262144
EXPOSE 9464
# Ready means that all task queues are polled. A slim image has no curl.
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SLIPSTREAM_HTTP_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# Not through npm, which would take the signal for itself.
CMD ["node", "dist/worker/main.js"]

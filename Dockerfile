# The API, its worker and its migrations in one image, from the lockfile.
#
#   node --max-semi-space-size=64 apps/api/dist/main.js                                                 serves
#   node packages/online-schema/bin/holdfast.js migrate -d packages/db/dist/data-source.js              migrates
#
# Nothing is written but the log, to standard output: the root file system may be read-only.
ARG NODE_IMAGE=node:20.20.2-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /holdfast
ENV CI=true TURBO_TELEMETRY_DISABLED=1
# The manifests first: dependencies are installed again only when one of them changes.
COPY package.json package-lock.json .npmrc ./
COPY packages/db/package.json packages/db/
COPY packages/local-postgres/package.json packages/local-postgres/
COPY packages/observability/package.json packages/observability/
COPY packages/online-schema/package.json packages/online-schema/
COPY packages/postgres/package.json packages/postgres/
COPY packages/resilience/package.json packages/resilience/
COPY apps/api/package.json apps/api/
COPY tools/package.json tools/

FROM manifests AS build
# The npm of this image may be older than the allowScripts field of package.json: deny install scripts here too.
RUN npm ci --ignore-scripts
COPY . .
RUN npx turbo run build --filter=@holdfast/api

FROM manifests AS dependencies
# What the API needs to run. The embedded PostgreSQL servers of development are optional dependencies: they stay out.
RUN npm ci --ignore-scripts --omit=dev --omit=optional --workspace=apps/api \
  && rm -f node_modules/@holdfast/local-postgres node_modules/@holdfast/tools

FROM ${NODE_IMAGE}
WORKDIR /holdfast
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=dependencies /holdfast/node_modules node_modules
COPY package.json ./
COPY packages/db/package.json packages/db/
COPY packages/observability/package.json packages/observability/
COPY packages/online-schema/package.json packages/online-schema/
COPY packages/online-schema/bin packages/online-schema/bin
COPY packages/postgres/package.json packages/postgres/
COPY packages/resilience/package.json packages/resilience/
COPY apps/api/package.json apps/api/
COPY --from=build /holdfast/packages/db/dist packages/db/dist
COPY --from=build /holdfast/packages/observability/dist packages/observability/dist
COPY --from=build /holdfast/packages/online-schema/dist packages/online-schema/dist
COPY --from=build /holdfast/packages/postgres/dist packages/postgres/dist
COPY --from=build /holdfast/packages/resilience/dist packages/resilience/dist
COPY --from=build /holdfast/apps/api/dist apps/api/dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=64", "apps/api/dist/main.js"]

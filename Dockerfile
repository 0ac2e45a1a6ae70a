# The API, built from the lockfile. The same image migrates: node tools/dist/migrate.js
FROM node:20-slim AS build
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
# The npm of this image may be older than the allowScripts field of package.json: deny install scripts here too.
RUN npm ci --ignore-scripts

COPY . .
# The embedded PostgreSQL servers of development are optional dependencies: they stay out as well.
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:20-slim
WORKDIR /holdfast
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=build /holdfast ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/api/dist/main.js"]

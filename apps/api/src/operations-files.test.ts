import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readDatabaseSettings } from '@holdfast/db';
import { parse } from 'yaml';
import { readServiceSettings } from './settings';

const ROOT = join(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const isThere = (path: string) => existsSync(join(ROOT, path));

interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly deploy?: { readonly resources?: { readonly limits?: Readonly<Record<string, string>> } };
  readonly read_only?: boolean;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose: Compose = parse(read('compose.yaml'), { merge: true });
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

/** What a built file is made from. */
const sourceOf = (path: string) => path.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
const isInImage = (path: string) => isThere(path.includes('/dist/') ? sourceOf(path) : path);

const SECRET = /(?:PASSWORD|PEPPER)$/;

const interpolate = (value: string) =>
  value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, name: string) => (SECRET.test(name) ? 'secret'.repeat(6) : ''));

/** Every variable that the service reads. */
const KNOWN = new Set(
  [
    'apps/api/src/settings.ts',
    ...readdirSync(join(ROOT, 'packages/db/src/settings')).map((file) => `packages/db/src/settings/${file}`),
  ]
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => [...read(file).matchAll(/'([A-Z]+(?:_[A-Z]+)*)'|variables\.([A-Z_]+)/g)])
    .map(([, quoted, read]) => quoted ?? read),
);

describe('compose.yaml', () => {
  it('has what the documentation says', () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      [
        'api',
        'grafana',
        'migrate',
        'operator-key',
        'pgbouncer',
        'postgres',
        'prometheus',
        'roles',
        'worker',
      ].sort(),
    );
  });

  it.each(services)('%s mounts only files and volumes that are there', (_name, { volumes = [] }) => {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      expect({
        source,
        isThere: source.startsWith('.') ? isThere(source) : source in compose.volumes,
      }).toEqual({
        source,
        isThere: true,
      });
    }
  });

  it.each(services)('%s has a bounded size, a known version and a health check', (name, service) => {
    const { cpus, memory } = service.deploy?.resources?.limits ?? {};
    expect({ cpus: typeof cpus, memory: typeof memory }).toEqual({ cpus: 'string', memory: 'string' });
    if (service.image !== undefined) {
      expect(service.image).toMatch(/:v?\d/);
      expect(service.healthcheck).toBeDefined();
    } else expect(name === 'api' || service.healthcheck?.disable).toBeTruthy();
  });

  it.each(services)('%s waits for services that can be waited for', (_name, { depends_on: waits = {} }) => {
    for (const [other, { condition }] of Object.entries(waits)) {
      const target = compose.services[other];
      expect(target).toBeDefined();
      const hasHealth = target?.healthcheck !== undefined && target.healthcheck.disable !== true;
      expect(condition).toBe(hasHealth ? 'service_healthy' : 'service_completed_successfully');
    }
  });

  it.each(ours)(
    '%s runs a file of the image, on a read-only root',
    (_name, { command = [], read_only: readOnly }) => {
      expect(command.filter((word) => word.endsWith('.js')).filter((path) => !isInImage(path))).toEqual([]);
      expect(readOnly).toBe(true);
    },
  );

  it.each(ours)(
    '%s sets only what the service knows, and to what it allows',
    (_name, { environment = {} }) => {
      expect(Object.keys(environment).filter((variable) => !KNOWN.has(variable))).toEqual([]);
      const variables = Object.fromEntries(
        Object.entries(environment).map(([variable, value]) => [variable, interpolate(String(value))]),
      );
      // What migrates reads those of its database alone.
      const given = { API_KEY_PEPPER: 'secret'.repeat(6), ...variables };
      expect(() => readServiceSettings(given)).not.toThrow();
      expect(new URL(readServiceSettings(given).databaseUrl).hostname in compose.services).toBe(true);
    },
  );

  it('publishes the port that the image listens at, to this machine alone', () => {
    const [, port] = /ENV .*PORT=(\d+)/.exec(read('Dockerfile')) ?? [];
    expect(compose.services.api?.ports).toEqual([`127.0.0.1:3000:${port}`]);
    for (const [, { ports = [] }] of services) {
      for (const published of ports) expect(published).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('has no password in it, and asks for each that .env.example names', () => {
    const asked = new Set([...read('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
    const shown = [...read('.env.example').matchAll(/^(\w+)=$/gm)].map(([, name]) => name);
    expect([...asked].sort()).toEqual(shown.sort());
    expect(read('compose.yaml')).not.toMatch(/PASSWORD: (?!\$\{)/);
  });

  it('reaches PgBouncer where it listens, with the pooler setting that fits, and hears of events beside it', () => {
    const ini = read('deploy/pgbouncer.ini');
    const { DATABASE_URL: url = '', DATABASE_POOLER: pooler } = compose.services.api?.environment ?? {};
    expect(new URL(interpolate(url)).port).toBe(/^listen_port = (\d+)$/m.exec(ini)?.[1]);
    expect(ini).toMatch(/^pool_mode = transaction$/m);
    expect({ pooler, counts: /^max_prepared_statements = [1-9]/m.test(ini) }).toEqual({
      pooler: 'transaction-prepared',
      counts: true,
    });
    for (const { environment = {} } of [compose.services.api, compose.services.worker].map(
      (of) => of ?? {},
    )) {
      const [direct, pooled] = [environment.DATABASE_LISTEN_URL, environment.DATABASE_URL].map(
        (value = '') => new URL(interpolate(value)),
      );
      expect(direct?.host).toBe('postgres:5432');
      expect(direct?.username).toBe(pooled?.username);
    }
    const { pool } = readDatabaseSettings('production', {
      DATABASE_URL: interpolate(url),
      DATABASE_POOL_MAX: compose.services.api?.environment?.DATABASE_POOL_MAX,
    });
    expect(Number(/^default_pool_size = (\d+)$/m.exec(ini)?.[1])).toBeGreaterThanOrEqual(pool.max);
  });
});

describe('Prometheus and Grafana', () => {
  it('load the rules and the dashboard of monitoring/', () => {
    const prometheus = parse(read('deploy/prometheus.yml'));
    const targets = prometheus.scrape_configs.flatMap(
      ({ static_configs: configs }: { static_configs: { targets: string[] }[] }) =>
        configs.flatMap((config) => config.targets),
    );
    expect(targets).toEqual(['api:3000']);
    const mounted = (name: string) => (compose.services[name]?.volumes ?? []).join('\n');
    for (const file of prometheus.rule_files)
      expect(mounted('prometheus')).toContain(`/etc/prometheus/${file}:ro`);
    const [provider] = parse(read('deploy/grafana/dashboards/holdfast.yaml')).providers;
    expect(mounted('grafana')).toContain(
      `./monitoring/dashboard.json:${provider.options.path}/dashboard.json:ro`,
    );
    const [source] = parse(read('deploy/grafana/datasources/prometheus.yaml')).datasources;
    expect(new URL(source.url).hostname in compose.services).toBe(true);
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('copies only what is there, and every manifest of a workspace', () => {
    const sources = lines
      .filter((line) => line.startsWith('COPY'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
      .filter((word) => !word.startsWith('--'));
    const missing = sources
      .map((path) => path.replace(/^\/holdfast\//, ''))
      .filter((path) => !/(?:^|\/)(?:dist|node_modules)$/.test(path) && !isThere(path));
    expect(missing).toEqual([]);
    for (const parent of ['packages', 'apps']) {
      for (const name of readdirSync(join(ROOT, parent))) {
        if (!statSync(join(ROOT, parent, name)).isDirectory()) continue;
        expect(sources).toContain(`${parent}/${name}/package.json`);
      }
    }
  });

  it('holds every workspace that the API imports, built', () => {
    const closure = new Set<string>();
    const follow = (folder: string) => {
      if (closure.has(folder)) return;
      closure.add(folder);
      const { dependencies = {} } = JSON.parse(read(`${folder}/package.json`));
      for (const name of Object.keys(dependencies)) {
        if (name.startsWith('@holdfast/')) follow(`packages/${name.replace('@holdfast/', '')}`);
      }
    };
    follow('apps/api');
    for (const folder of closure)
      expect(lines.join('\n')).toContain(`COPY --from=build /holdfast/${folder}/dist ${folder}/dist`);
  });

  it('has a version of its base, a user that is not root, and a program that is there', () => {
    expect(lines[0]).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-slim$/);
    expect(
      lines
        .filter((line) => line.startsWith('FROM'))
        .every((line) => /^FROM (?:\$\{NODE_IMAGE\}|manifests)/.test(line)),
    ).toBe(true);
    expect(lines.filter((line) => line.startsWith('USER'))).toEqual(['USER node']);
    const [, program = ''] = /^CMD \["node", "([^"]+)"\]$/.exec(lines.at(-1) ?? '') ?? [];
    expect(isInImage(program)).toBe(true);
  });

  it('takes no secret and no history along', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const path of ['.env', '.git', '**/node_modules', '**/dist']) expect(ignored).toContain(path);
  });
});

describe('docs/operations.md', () => {
  const text = read('docs/operations.md');

  it('has a line for every alert, with its severity, that leads to its section', () => {
    const rules: { alert: string; labels: { severity: string } }[] = parse(
      read('monitoring/alerts.yaml'),
    ).groups.flatMap(({ rules: of }: { rules: [] }) => of);
    const manual = read('monitoring/README.md');
    for (const { alert, labels } of rules) {
      expect(text).toContain(
        `| [${alert}](../monitoring/README.md#${alert.toLowerCase()}) | ${labels.severity} | `,
      );
      expect(manual).toContain(`### ${alert}\n`);
    }
    expect([...text.matchAll(/^\| \[(\w+)\]\(\.\.\/monitoring/gm)].map(([, name]) => name).sort()).toEqual(
      rules.map(({ alert }) => alert).sort(),
    );
  });

  it('leads to files that are there, and names settings that are known', () => {
    for (const [, path = ''] of text.matchAll(/\]\(([^)#]+)/g)) {
      expect({ path, isThere: existsSync(join(ROOT, 'docs', path)) }).toEqual({ path, isThere: true });
    }
    // What begins with ours is a code of an error.
    const named = [...text.matchAll(/`((?!HOLDFAST_)[A-Z]+_[A-Z_]+)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !KNOWN.has(name))).toEqual([]);
  });

  it('runs files that are in the image', () => {
    const files = [...text.matchAll(/node ([\w/.-]+\.js)/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((path) => !isInImage(path))).toEqual([]);
  });
});

/** All series of one name. */
interface SeriesFamily {
  /** Whether it only grows: a counter, or a part of a histogram or summary. */
  readonly isCounter: boolean;
  /** The values of each label. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a service told Prometheus at one moment. */
export interface Scrape {
  /** By the name that an expression reads, such as `x_bucket` of a histogram `x`. */
  readonly families: ReadonlyMap<string, SeriesFamily>;
  /** Type of each metric that was announced, whether it has a series or not. */
  readonly types: ReadonlyMap<string, string>;
}

const ANNOUNCEMENT = /^# TYPE (?<name>\S+) (?<type>\S+)/;
const SAMPLE = /^(?<name>[A-Za-z_:][\w:]*)(?:\{(?<labels>.*)\})? [^ ]+/;
const LABEL = /(?<label>[A-Za-z_]\w*)="(?<value>(?:[^"\\]|\\.)*)"/g;

/** Reads the Prometheus text format. */
export function readScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const families = new Map<string, { isCounter: boolean; labels: Map<string, Set<string>> }>();
  for (const line of text.split('\n')) {
    const announced = ANNOUNCEMENT.exec(line)?.groups;
    if (announced) types.set(String(announced.name), String(announced.type));
    const sample = SAMPLE.exec(line)?.groups;
    if (!sample) continue;
    const name = String(sample.name);
    const family = families.get(name) ?? { isCounter: isCounter(name, types), labels: new Map() };
    families.set(name, family);
    for (const { groups } of (sample.labels ?? '').matchAll(LABEL)) {
      const values = family.labels.get(String(groups?.label)) ?? new Set();
      family.labels.set(String(groups?.label), values.add(String(groups?.value)));
    }
  }
  return { families, types };
}

function isCounter(name: string, types: ReadonlyMap<string, string>): boolean {
  const whole = types.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  return types.get(name) === 'counter' || whole === 'histogram' || whole === 'summary';
}

/** The series that an alert rule counts in one place. */
export interface RuleTerm {
  readonly metric: string;
  /** How much they grew from one scrape to a later one. A series that the first does not have is left out, as Prometheus does. */
  readIncrease(before: string, after: string): number;
}

const TERM = /increase\(\s*(?<metric>\w+)\{\s*(?<matchers>(?:\w+[!=~]+"[^"]*"(?:,\s*)?)*)\s*\}\[\w+\]\s*\)/g;
const MATCHER = /(?<label>\w+)(?<operator>=~|!~|!=|=)"(?<value>[^"]*)"/g;

/** Reads what a rule counts, in its order. */
export function readTerms(rules: string, alert: string): readonly RuleTerm[] {
  const [, rest = ''] = rules.split(`- alert: ${alert}\n`);
  const [rule = ''] = rest.split('- alert: ');
  return [...rule.matchAll(TERM)].map(({ groups }) => {
    const { metric = '', matchers = '' } = groups ?? {};
    const isMeant = createSelector(matchers);
    const read = (scrape: string) => readSeries(scrape, metric, isMeant);
    return {
      metric,
      readIncrease(before, after) {
        const earlier = read(before);
        return [...read(after)].reduce(
          (sum, [labels, value]) => sum + value - (earlier.get(labels) ?? value),
          0,
        );
      },
    };
  });
}

function createSelector(matchers: string): (labels: ReadonlyMap<string, string>) => boolean {
  const conditions = [...matchers.matchAll(MATCHER)].map(({ groups }) => {
    const { label = '', operator, value = '' } = groups ?? {};
    const isRefused = operator?.startsWith('!') === true;
    const pattern = new RegExp(`^(?:${value})$`);
    const fits = operator?.endsWith('~')
      ? (text: string) => pattern.test(text)
      : (text: string) => text === value;
    return (labels: ReadonlyMap<string, string>) => fits(labels.get(label) ?? '') !== isRefused;
  });
  return (labels) => conditions.every((holds) => holds(labels));
}

/** Values by the text of their labels. */
function readSeries(
  scrape: string,
  metric: string,
  isMeant: (labels: ReadonlyMap<string, string>) => boolean,
): ReadonlyMap<string, number> {
  const series = new Map<string, number>();
  for (const [, text = '', value] of scrape.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    const labels = new Map(
      [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', of = '']) => [label, of]),
    );
    if (isMeant(labels)) series.set(text, Number(value));
  }
  return series;
}

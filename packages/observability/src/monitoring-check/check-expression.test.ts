import { checkExpression } from './check-expression';
import { readScrape } from './read-scrape';

const scrape = readScrape(`
# HELP requests_total How many "requests" {there} were.
# TYPE requests_total counter
requests_total{route="/a{b}",status="200"} 3
requests_total{route="/",status="500"} 1
# TYPE used gauge
used{pool="primary",state="used"} 3
used{pool="primary",state="idle"} NaN
# TYPE limit gauge
limit{pool="primary"} 10
# TYPE wait_seconds histogram
wait_seconds_bucket{le="+Inf",pool="primary"} 2
wait_seconds_sum{pool="primary"} 0.5
wait_seconds_count{pool="primary"} 2
# TYPE quiet_total counter
`);

const findProblems = (expression: string) => checkExpression(expression, scrape).problems;

describe('readScrape', () => {
  it('reads names, kinds, labels and their values', () => {
    expect(scrape.families.get('requests_total')).toEqual({
      isCounter: true,
      labels: new Map([
        ['route', new Set(['/a{b}', '/'])],
        ['status', new Set(['200', '500'])],
      ]),
    });
    expect(scrape.families.get('limit')?.isCounter).toBe(false);
    expect(scrape.families.get('wait_seconds_sum')?.isCounter).toBe(true);
    expect([...scrape.families.keys()]).not.toContain('wait_seconds');
  });
});

describe('checkExpression', () => {
  it.each([
    'limit',
    'limit > 5',
    '-limit + 1 > bool 5',
    'limit offset 5m',
    'sum(rate(requests_total[5m])) / 60',
    'sum by (status, job) (rate(requests_total{status=~"5..",route!="/x"}[5m] # a comment\n))',
    'used{state="used"} / ignoring(state) limit >= 0.9',
    'used / on(pool, job, instance) group_left limit',
    'histogram_quantile(0.99, sum by (le, pool) (rate(wait_seconds_bucket[5m]))) > 0.5',
    'topk(3, sum without (route) (increase(requests_total[1h])))',
    'max_over_time(limit[5m]) and on(pool) used',
    'quantile_over_time(0.9, limit[5m])',
    'limit or used',
    'absent(requests_total{status="200"})',
    'time() - 5 > 1',
  ])('accepts %s', (expression) => {
    expect(findProblems(expression)).toEqual([]);
  });

  it.each([
    ['nothing', '', 'is not PromQL at character 1'],
    ['an unclosed brace', 'limit{pool="primary" > 5', 'is not PromQL at character 22: "> 5"'],
    ['an unclosed bracket', 'sum(limit', 'is not PromQL'],
    ['an unclosed text', 'limit{pool="primary}', 'is not PromQL'],
    ['an unknown function', 'rats(requests_total[5m])', 'is not PromQL'],
    ['something after the end', 'limit limit', 'is not PromQL at character 7'],
    ['a misspelt metric', 'limits > 5', 'reads limits, which is no metric of the service'],
    [
      'a metric without a series',
      'rate(quiet_total[5m])',
      'reads quiet_total, which has no series in this scrape',
    ],
    ['a histogram as a whole', 'rate(wait_seconds[5m])', 'a histogram: its series are wait_seconds_bucket'],
    ['a part that a histogram lacks', 'rate(wait_seconds_total[5m])', 'no metric of the service'],
    [
      'an unknown label in a matcher',
      'limit{pol="primary"}',
      'names the label pol, which limit does not have',
    ],
    ['an unknown label in a grouping', 'sum by (pol) (limit)', 'names the label pol, which what sum reads'],
    ['a label that was summed away', 'sum by (pool) (sum by (job) (limit))', 'names the label pool'],
    ['an unknown label left out', 'sum without (stat) (used)', 'names the label stat'],
    ['an unknown label to join by', 'limit / on(stat) limit', 'names the label stat, which a side'],
    ['a label that one side lacks', 'used / on(state) limit', 'names the label state, which a side'],
    ['an unknown label to ignore', 'limit / ignoring(stat) limit', 'names the label stat, which either side'],
    ['a value that never is', 'used{state="usd"}', 'where state is "usd", which it never is'],
    ['sides that never match', 'used / limit', 'with series by [instance, job, pool], which never match'],
    ['a filter that never matches', 'limit and used', 'which never match'],
    [
      'a quantile without le',
      'histogram_quantile(0.9, sum by (pool) (rate(wait_seconds_bucket[5m])))',
      'label le',
    ],
    ['a rate of a gauge', 'rate(limit[5m])', 'takes rate of a gauge'],
    ['a change of a counter', 'delta(requests_total[5m])', 'takes delta of a counter'],
    ['a rate without a range', 'sum(rate(requests_total))', 'needs a range in rate'],
    ['a range without a function', 'limit[5m]', 'gives a range where a value is needed'],
    ['a range to a function of values', 'abs(limit[5m])', 'gives a range to abs'],
    ['a counter as it is', 'sum(requests_total) > 5', 'reads a counter without rate or increase'],
    ['a selector without a name', '{pool="primary"}', 'a selector without a name'],
    ['a quoted label', 'limit{"pool"="primary"}', 'quotes a label'],
  ])('refuses %s', (_what, expression, problem) => {
    expect(findProblems(expression)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  it('tells the labels of the result', () => {
    const readLabels = (expression: string) => [...(checkExpression(expression, scrape).labels ?? [])].sort();
    expect(readLabels('sum by (status) (rate(requests_total[5m]))')).toEqual(['status']);
    expect(readLabels('used / ignoring(state) limit')).toEqual(['instance', 'job', 'pool']);
    expect(readLabels('used / on(pool) group_left limit')).toEqual(['instance', 'job', 'pool', 'state']);
    expect(readLabels('histogram_quantile(0.9, rate(wait_seconds_bucket[5m]))')).toEqual([
      'instance',
      'job',
      'pool',
    ]);
  });

  it.each([
    ['limit > 5', true],
    ['(limit > 5) and on(pool) (used > 1)', true],
    ['absent(limit)', true],
    ['limit', false],
    ['limit > bool 5', false],
    ['limit > 5 or limit', false],
    ['sum(limit > 5) + 1', false],
  ])('knows whether %s is a condition: %s', (expression, isCondition) => {
    expect(checkExpression(expression, scrape).isCondition).toBe(isCondition);
  });
});

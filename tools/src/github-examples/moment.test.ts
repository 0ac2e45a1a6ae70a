import { type Example, readExamples } from './example';
import { readMoment } from './moment';

const examples = readExamples();

function momentOf(name: string, index: number): string | undefined {
  const example = examples.find((candidate) => candidate.name === name && candidate.index === index);
  return readMoment(example as Example)?.toISOString();
}

describe('the moment of an example', () => {
  it('is a time at which GitHub existed, and before the package was made', () => {
    for (const example of examples) {
      const moment = readMoment(example);
      if (moment === undefined) continue;
      expect(moment.getUTCFullYear()).toBeGreaterThanOrEqual(2008);
      expect(moment.getUTCFullYear()).toBeLessThanOrEqual(2024);
    }
  });

  // The payloads of these kinds hold no time at all, so the time of loading stands in.
  it('is missing for eighteen examples of five kinds', () => {
    const timeless = examples.filter((example) => readMoment(example) === undefined);
    expect(timeless).toHaveLength(18);
    expect([...new Set(timeless.map(({ name }) => name))]).toEqual([
      'github_app_authorization',
      'membership',
      'organization',
      'org_block',
      'team',
    ]);
  });

  it.each([
    ['push', 0, '2019-05-15T15:20:57.000Z', 'of the push, in seconds since 1970, not of the commit'],
    ['pull_request', 3, '2019-05-15T15:21:18.000Z', 'of closing'],
    ['pull_request', 0, '2019-05-15T15:20:33.000Z', 'of opening'],
    ['release', 1, '2019-05-15T15:20:53.000Z', 'of the release, not of its commit'],
    ['star', 0, '2019-05-15T15:20:40.000Z', 'of the star'],
    ['check_run', 1, '2019-05-15T15:21:12.000Z', 'of completion'],
    ['marketplace_purchase', 0, '2017-10-25T00:00:00.000Z', 'from which it is effective'],
    ['organization', 3, '2021-05-24T04:10:21.000Z', 'of the invitation, with its offset from UTC'],
    ['issue_comment', 5, '2019-05-15T15:20:22.000Z', 'at which the issue lost the comment'],
    ['watch', 0, '2019-05-15T15:20:40.000Z', 'of the repository, the newest it shows'],
    ['security_advisory', 3, '2021-05-06T16:13:08.000Z', 'of withdrawal'],
  ])('is for %s %i the time %s %s', (name, index, moment, _meaning) => {
    expect(momentOf(name, index)).toBe(moment);
  });
});

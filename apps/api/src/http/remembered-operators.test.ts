import { identityWith } from '../test/identity';
import { RememberedOperators } from './remembered-operators';

type Rights = Parameters<typeof identityWith>[0];
const identify = (id: string, rights: Rights = {}) => identityWith({ id, ...rights });

describe('remembered operators', () => {
  it('are known for as long as was said, and by their key alone', () => {
    const remembered = new RememberedOperators(1_000);
    const identity = identify('a');
    remembered.note('key', identity, 0);
    expect(remembered.recall('key', 1_000)).toBe(identity);
    expect(remembered.recall('key', 1_001)).toBeUndefined();
    expect(remembered.recall('another', 0)).toBeUndefined();
  });

  it('are forgotten as soon as their key is good no longer', () => {
    const remembered = new RememberedOperators(1_000);
    remembered.note('key', identify('a'), 0);
    remembered.note('key', null, 1);
    expect(remembered.recall('key', 1)).toBeUndefined();
  });

  it.each<[string, Rights]>([
    ['of an organization', { organizationId: 'o' }],
    ['without the scope', { scopes: ['read'] }],
  ])('are operators: a key %s is not kept, and takes no place', (_name, rights) => {
    const remembered = new RememberedOperators(1_000);
    remembered.note('operator', identify('a'), 0);
    for (let at = 0; at < 200; at += 1) remembered.note(`key ${at}`, identify(`${at}`, rights), 0);
    expect(remembered.recall('key 199', 0)).toBeUndefined();
    expect(remembered.recall('operator', 0)).toBeDefined();
  });

  it('are at most a hundred, the latest', () => {
    const remembered = new RememberedOperators(1_000);
    for (let at = 0; at < 100; at += 1) remembered.note(`key ${at}`, identify(`${at}`), 0);
    remembered.note('key 0', identify('0'), 1);
    remembered.note('one more', identify('x'), 1);
    expect(remembered.recall('key 0', 1)).toBeDefined();
    expect(remembered.recall('key 1', 1)).toBeUndefined();
    expect(remembered.recall('key 2', 1)).toBeDefined();
  });

  it('show neither key nor hash to whoever prints them', () => {
    const text = JSON.stringify([identify('a'), { ...identify('a') }]);
    expect(text).not.toMatch(/keyHash|Buffer/);
  });
});

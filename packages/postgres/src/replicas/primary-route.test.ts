import { readMembers } from './cluster-member';
import { NoPrimaryError } from './no-primary-error';
import { PrimaryRoute } from './primary-route';

const A = 'postgres://u:secret@a:1/db';
const B = 'postgres://u:secret@b:2/db';
const at = (number: number, system = 'cluster') => ({ system, number });

function createRoute() {
  const replaced: string[] = [];
  const route = new PrimaryRoute(readMembers([A, B]), {
    survey: async () => {},
    onStandby: () => {},
    onReplaced: (url) => replaced.push(url),
  });
  return { route, replaced };
}

describe('the route to the primary', () => {
  it('goes on to the next member when one fails, once however many connections fail by it', () => {
    const { route } = createRoute();
    route.failed(A);
    route.failed(A);
    expect(route.nextUrl()).toBe(B);
    expect(route.hasUntried).toBe(true);
    route.failed(B);
    expect(route.nextUrl()).toBe(A);
    expect(route.hasUntried).toBe(false);
  });

  it('follows a member that was promoted, although the old primary still answers', () => {
    const { route, replaced } = createRoute();
    expect(route.judge(A, at(1))).toBe(true);
    expect(route.judge(B, at(2))).toBe(true);
    expect(route.nextUrl()).toBe(B);
    expect(replaced).toEqual([B]);
  });

  it('never goes back to a primary that was replaced', () => {
    const { route } = createRoute();
    route.judge(A, at(1));
    route.judge(B, at(2));
    route.failed(B);
    expect(route.judge(A, at(1))).toBe(false);
    expect(route.explain(new Error('refused'))).toMatchObject({
      code: 'NO_PRIMARY',
      members: { 'a:1': 'former-primary', 'b:2': 'unreachable' },
    });
    // Promoted itself, it is the newest of all.
    expect(route.judge(A, at(3))).toBe(true);
  });

  it('stays with its primary when another of the same timeline, or of another cluster, takes writes', () => {
    const { route, replaced } = createRoute();
    route.judge(A, at(3));
    expect(route.judge(B, at(3))).toBe(false);
    expect(route.judge(B, at(9, 'another'))).toBe(false);
    expect(route.judge(B, undefined)).toBe(false);
    expect(route.nextUrl()).toBe(A);
    expect(replaced).toEqual([]);
  });

  it('is told by a primary without a timeline where there is no other', () => {
    const { route } = createRoute();
    expect(route.judge(B, undefined)).toBe(true);
    expect(route.nextUrl()).toBe(B);
  });

  it('explains a failure by what the members are, without their passwords, once each was tried', () => {
    const { route } = createRoute();
    const refused = new Error('refused');
    route.failed(A);
    expect(route.explain(refused)).toBe(refused);
    route.failed(B);
    const error = route.explain(refused);
    expect(error).toBeInstanceOf(NoPrimaryError);
    expect(error.cause).toBe(refused);
    expect(error.message).toBe(
      'No member of the cluster takes writes: a:1 is unreachable, b:2 is unreachable',
    );
    expect(route.explain(error)).toBe(error);
  });
});

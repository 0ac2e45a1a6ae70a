import type { Example } from './example';
import { type Payload, readObject, readPath } from './payload';

/** The object that an event is about, where it is not called like the event. */
const SUBJECTS: Readonly<Record<string, string>> = Object.freeze({
  branch_protection_rule: 'rule',
  code_scanning_alert: 'alert',
  commit_comment: 'comment',
  dependabot_alert: 'alert',
  deploy_key: 'key',
  discussion_comment: 'comment',
  fork: 'forkee',
  installation_repositories: 'installation',
  issue_comment: 'comment',
  issues: 'issue',
  meta: 'hook',
  page_build: 'build',
  ping: 'hook',
  pull_request_review: 'review',
  pull_request_review_comment: 'comment',
  pull_request_review_thread: 'pull_request',
  repository_vulnerability_alert: 'alert',
});

/** Where an event of a type tells when it happened, if not in the field that its action suggests. */
const TOLD_AT: Readonly<Record<string, string>> = Object.freeze({
  create: 'repository.pushed_at',
  delete: 'repository.pushed_at',
  'deployment_review.requested': 'since',
  'discussion_comment.deleted': 'discussion.updated_at',
  fork: 'forkee.created_at',
  'issue_comment.deleted': 'issue.updated_at',
  'marketplace_purchase.cancelled': 'effective_date',
  'marketplace_purchase.changed': 'effective_date',
  'marketplace_purchase.purchased': 'effective_date',
  'organization.member_invited': 'invitation.created_at',
  'pull_request_review.dismissed': 'pull_request.updated_at',
  'pull_request_review_comment.deleted': 'pull_request.updated_at',
  // Not the time of the commit: that can be pushed years later.
  push: 'repository.pushed_at',
  // A release's created_at is the time of its commit.
  'release.created': 'release.published_at',
  'star.created': 'starred_at',
  status: 'created_at',
});

/** Fields of the subject in which an action leaves its time; the first that has one counts. */
const LEFT_BY: Readonly<Record<string, readonly string[]>> = Object.freeze({
  archived: ['archived_at'],
  closed: ['closed_at'],
  closed_by_user: ['dismissed_at'],
  completed: ['completed_at', 'updated_at'],
  create: ['created_at'],
  created: ['created_at', 'started_at'],
  // What is gone was last updated before.
  deleted: [],
  dismiss: ['dismissed_at'],
  fixed: ['fixed_at'],
  in_progress: ['started_at'],
  opened: ['created_at'],
  prereleased: ['published_at'],
  published: ['published_at', 'created_at'],
  queued: ['created_at'],
  released: ['published_at'],
  requested: ['created_at'],
  submitted: ['submitted_at'],
  suspend: ['suspended_at'],
  waiting: ['created_at'],
  withdrawn: ['withdrawn_at'],
});
const LEFT_BY_OTHERS = ['updated_at'] as const;

/**
 * When an example happened: where its kind tells it, else the newest time that its subject, repository or
 * organization shows; undefined if there is none at all.
 */
export function readMoment(example: Example): Date | undefined {
  const { payload } = example;
  const action = typeof payload.action === 'string' ? payload.action : '';
  const subject = SUBJECTS[example.name] ?? example.name;
  const toldAt = TOLD_AT[action === '' ? example.name : `${example.name}.${action}`];
  const leftAt = (LEFT_BY[action] ?? LEFT_BY_OTHERS).map((field) => `${subject}.${field}`);
  for (const path of toldAt === undefined ? leftAt : [toldAt, ...leftAt]) {
    const time = parseTime(readPath(payload, path));
    if (time !== undefined) return time;
  }
  return newestTime([subject, 'repository', 'organization'].map((path) => readObject(payload, path)));
}

const SHOWN = [
  'created_at',
  'updated_at',
  'pushed_at',
  'started_at',
  'completed_at',
  'published_at',
] as const;

function newestTime(objects: readonly (Payload | undefined)[]): Date | undefined {
  const times = objects
    .flatMap((object) => SHOWN.map((field) => parseTime(object?.[field])))
    .filter((time) => time !== undefined);
  return times.length === 0 ? undefined : new Date(Math.max(...times.map(Number)));
}

/** GitHub writes a time as text, and in payloads of its older parts as seconds since 1970. */
function parseTime(value: unknown): Date | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const time = new Date(typeof value === 'number' ? value * 1_000 : value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

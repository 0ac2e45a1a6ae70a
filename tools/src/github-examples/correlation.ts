import { identityOf } from './identity';
import { type Payload, readId, readText } from './payload';

/** Where a payload names the commit that it is about; the first of them counts. */
const COMMITS = [
  'after',
  'sha',
  'commit_oid',
  'check_run.head_sha',
  'check_suite.head_sha',
  'workflow_run.head_sha',
  'workflow_job.head_sha',
  'merge_group.head_sha',
  'pull_request.head.sha',
  'deployment.sha',
  'comment.commit_id',
  'build.commit',
] as const;

/** What else several payloads of one operation have in common. */
const SUBJECTS = ['issue', 'discussion', 'deployment', 'projects_v2_item', 'project_card'] as const;

/** A push that deletes a branch leaves no commit. */
const NO_COMMIT = /^0+$/;

/**
 * What joins the payloads of one operation: the commit that was pushed, checked, reviewed and deployed, else the
 * issue, discussion or card they are about. Null where nothing does.
 */
export function correlate(payload: Payload): string | null {
  for (const path of COMMITS) {
    const sha = readText(payload, path);
    if (sha !== undefined && !NO_COMMIT.test(sha)) return identityOf('commit', sha);
  }
  for (const subject of SUBJECTS) {
    const id = readId(payload, `${subject}.id`);
    if (id !== undefined) return identityOf(subject, id);
  }
  return null;
}

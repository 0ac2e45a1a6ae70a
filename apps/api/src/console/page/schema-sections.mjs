import { age, button, count, element, foldable, known, time } from './elements.mjs';

/** Where the migrations stand. */
export function renderMigrations({ migrations }) {
  return known(migrations, ({ applied, latest, pending, unknown, run }) => {
    const parts = [];
    if (run !== null) {
      const { phase, done, total, unit } = run.progress ?? {};
      parts.push(
        element('p', { class: 'warn-text' }, [
          `A run is under way${run.application ? ` by ${run.application}` : ''}`,
          run.since ? [', since ', time(run.since)] : '',
          '.',
        ]),
      );
      if (phase !== undefined) {
        parts.push(
          element(
            'p',
            {},
            total > 0
              ? `${phase}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit ?? ''}`
              : phase,
          ),
        );
        if (total > 0) parts.push(element('progress', { max: total, value: done, 'aria-label': phase }));
      }
    }
    parts.push(element('p', {}, `${applied} applied, ${pending.length} pending.`));
    if (latest !== null)
      parts.push(element('p', { class: 'soft' }, ['Latest: ', element('code', {}, latest)]));
    if (pending.length > 0) parts.push(names('Pending', pending));
    if (unknown.length > 0) parts.push(names('Applied by another build', unknown));
    return parts;
  });
}

/** What the doctor says of the indexes. */
export function renderDoctor({ doctor, at }, { askDoctor }) {
  const { isRunning, failure, nextAt, report } = doctor;
  const parts = [];
  if (isRunning) parts.push(element('p', { class: 'warn-text' }, 'An examination is running.'));
  if (failure !== null)
    parts.push(element('p', { class: 'bad-text' }, `The last examination came to no end: ${failure}`));
  if (report === null)
    parts.push(element('p', {}, 'The indexes have not been examined since the service started.'));
  else {
    parts.push(
      element(
        'p',
        {},
        report.findings.length === 0
          ? `${count(report.checks, 'check')} found nothing.`
          : `${count(report.checks, 'check')} found ${count(report.findings.length, 'thing')}.`,
      ),
    );
    parts.push(
      element('p', { class: 'soft' }, [
        `Examined ${age(Date.parse(at) - Date.parse(report.examinedAt))} ago, at `,
        time(report.examinedAt),
        '.',
      ]),
    );
  }
  const canAsk = !isRunning && nextAt === null;
  const label = canAsk
    ? 'Examine the indexes'
    : isRunning
      ? 'Examining …'
      : `Again from ${new Date(nextAt).toLocaleTimeString('en-GB')}`;
  parts.push(element('p', {}, button('doctor-ask', label, undefined, canAsk ? askDoctor : undefined)));
  if (report !== null) {
    if (report.findings.length > 0) {
      parts.push(
        element(
          'ul',
          { class: 'plain' },
          report.findings.map(({ severity, title, object, message, mend }, index) =>
            element('li', {}, [
              element('div', {}, [
                element(
                  'span',
                  {
                    class:
                      severity === 'critical' ? 'bad-text' : severity === 'warning' ? 'warn-text' : 'soft',
                  },
                  `${severity}: `,
                ),
                title,
              ]),
              element('code', {}, object),
              element('div', { class: 'soft' }, message),
              mend.length > 0
                ? foldable(
                    `mend-${index}-${object}`,
                    'What mends it',
                    mend.map((sql) => element('code', {}, sql)),
                  )
                : '',
            ]),
          ),
        ),
      );
    }
    if (report.unseen.length > 0)
      parts.push(
        element('h3', {}, 'Could not be looked at'),
        element(
          'ul',
          { class: 'plain soft' },
          report.unseen.map((sentence) => element('li', {}, sentence)),
        ),
      );
    if (report.accepted > 0)
      parts.push(
        element('p', { class: 'soft' }, `${count(report.accepted, 'finding')} accepted in the declarations.`),
      );
  }
  return parts;
}

function names(title, list) {
  return element('div', {}, [
    element('h3', {}, title),
    element(
      'ul',
      { class: 'plain' },
      list.map((name) => element('li', {}, element('code', {}, name))),
    ),
  ]);
}

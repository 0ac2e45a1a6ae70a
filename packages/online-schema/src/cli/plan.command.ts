import type { Command } from 'commander';
import { type Plan, planChanges } from '../plan/plan-changes';
import { renderPlan } from '../plan/render-plan';
import { orCannotLook } from './cannot-look-error';
import { type CommandContext, type DataSourceOption, takesDataSource, withEntities } from './command-context';
import { orMeantOtherwise, takesAllow } from './takes-allow';

interface PlanCommandOptions extends DataSourceOption {
  readonly json?: boolean;
  readonly allow: readonly string[];
}

/** Adds `holdfast plan`. */
export function addPlan(program: Command, context: CommandContext): void {
  takesAllow(takesDataSource(program.command('plan')))
    .description(
      'tell what must be done, step by step: statement, lock, who waits, size and time; changes nothing',
    )
    .option('--json', 'one JSON document instead of lines')
    .action(async (options: PlanCommandOptions) => {
      const { allow } = options;
      const plan = await orCannotLook(
        withEntities(options, (dataSource) => orMeantOtherwise(planChanges(dataSource, { allow }))),
      );
      print(plan, options, context);
      context.exitWith(plan.refused.length > 0 ? 1 : 0);
    });
}

function print(plan: Plan, { json }: PlanCommandOptions, { terminal }: CommandContext): void {
  if (json === true) {
    terminal.print(JSON.stringify(plan, undefined, 2));
  } else if (plan.steps.length === 0) {
    terminal.print('The database is as the entities declare it; there is nothing to do.');
  } else {
    for (const line of renderPlan(plan, terminal)) terminal.print(line);
  }
}

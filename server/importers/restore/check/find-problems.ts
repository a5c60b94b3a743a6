import { ModelPlan } from '../plan/model-plan.ts'
import type { Plans } from '../plan/plans.ts'
import type { Fault } from './check-files.ts'
import type { ModelSurvey } from './survey.ts'

/** What of the files has no place in the target: `records` is how many it concerns. */
export type PlaceFault = Fault & { records: number }

/** Everything that is wrong with models and fields, each once, at the record where it was seen first. */
export function findProblems(models: ModelSurvey[], plans: Plans): PlaceFault[] {
  return models.flatMap((model) => {
    const plan = plans.of(model.label)
    if (!(plan instanceof ModelPlan)) return [{ excerpt: model.first, problem: plan, records: model.count }]
    return [...model.fields].flatMap(([name, field]) => {
      const step = plan.step(name)
      return step.kind === 'missing' ? [{ excerpt: field.first, problem: step.problem, records: field.count }] : []
    })
  })
}

/** Fields that are passed over, in words: those of computed columns, and those that an inherited model's parent has in a record of its own. */
export function passedFields(models: ModelSurvey[], plans: Plans): string[] {
  return models.flatMap((model) => {
    const plan = plans.of(model.label)
    if (!(plan instanceof ModelPlan)) return []
    const fields = [...model.fields.keys()]
    const ignored = (why: 'generated' | 'parent'): string[] =>
      fields.filter((name) => {
        const step = plan.step(name)
        return step.kind === 'ignored' && step.why === why
      })
    return [
      ...lines(ignored('generated'), (list) => `${model.label}: ${list} is computed by the database and not taken from the file.`),
      ...lines(ignored('parent'), (list) => `${model.label}: ${list} belongs to the parent model and is taken from the parent's own record.`),
    ]
  })
}

function lines(names: string[], line: (list: string) => string): string[] {
  return names.length === 0 ? [] : [line(names.join(', '))]
}

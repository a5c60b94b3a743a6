import { wrongArrows } from './arrows.ts'
import { anyType, defaultExports, inheritance, moduleState, processOutsideDoors } from './code-rules.ts'
import { cycles } from './cycles.ts'
import type { Rule } from './source.ts'
import { skippedTests, sleeps } from './test-rules.ts'
import { longFiles, poorNames, samplesOutsideTests, silencedChecks, workplaceTexts } from './text-rules.ts'

/** Each rule of the house that can be read from the sources, as the sentence that a test of it says. */
export const rules: Rule[] = [
  { name: 'imports go from right to left', check: wrongArrows },
  { name: 'no file imports itself through others', check: cycles },
  { name: 'only the two main.ts touch process', check: processOutsideDoors },
  { name: 'no module keeps state', check: moduleState },
  { name: 'no class inherits, except errors and entities', check: inheritance },
  { name: 'no type is any', check: anyType },
  { name: 'exports are named', check: defaultExports },
  { name: 'no file is too long to read', check: longFiles },
  { name: 'names say what is in a file', check: poorNames },
  { name: 'no check is silenced without a reason', check: silencedChecks },
  { name: 'no test is left out without a reason', check: skippedTests },
  { name: 'no test sleeps', check: sleeps },
  { name: 'the product does not read the samples of the tests', check: samplesOutsideTests },
  { name: 'nothing speaks of the place where it was written', check: workplaceTexts },
]

import type { Describe } from '../params.ts'
import { change } from './change.ts'
import { threshold } from './threshold.ts'

/** The sentences of the detectors' codes: one line for each detector. */
export const DETECTORS: readonly Readonly<Record<string, Describe>>[] = [threshold, change]

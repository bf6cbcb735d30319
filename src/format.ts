export * from './text/format.ts'

/** What keeps the process alive now. */
const openResources = (): string[] => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate')

/**
 * @returns tells what is open then and was not when this was called. What was open before is the test runner's own and
 *   may end at any time.
 */
export function watchResources(): () => readonly string[] {
  const before = openResources()
  return () => {
    const known = [...before]
    return openResources().filter((name) => {
      const index = known.indexOf(name)
      if (index >= 0) known.splice(index, 1)
      return index < 0
    })
  }
}

import { computed, ref, watch } from 'vue'
import type { Ref } from 'vue'
import { matrixSizes, placeByKey, revealing, spanOf } from '../bulk/matrix-window.ts'
import type { MatrixPlace } from '../bulk/matrix-window.ts'

/** Shows a window of a matrix of any size in a box that scrolls both ways, with a place in it that keys move. */
export function useMatrix(box: Readonly<Ref<HTMLElement | null>>, count: { rows: () => number; columns: () => number }) {
  const room = ref({ width: 0, height: 0 })
  const offset = ref({ top: 0, start: 0 })
  const active = ref<MatrixPlace>({ row: 0, column: 0 })

  const sizes = computed(() => matrixSizes(room.value.width, count.columns()))
  const seen = computed(() => ({ width: room.value.width - sizes.value.side, height: room.value.height - sizes.value.head }))
  const rows = computed(() => spanOf({ lines: count.rows(), size: sizes.value.row, room: seen.value.height, offset: offset.value.top }))
  const columns = computed(() => spanOf({ lines: count.columns(), size: sizes.value.column, room: seen.value.width, offset: offset.value.start }))
  const whole = computed(() => ({
    width: sizes.value.side + count.columns() * sizes.value.column,
    height: sizes.value.head + count.rows() * sizes.value.row,
  }))

  watch(box, (element, _before, onCleanup) => {
    if (!element) return
    let frame = 0
    const measure = (): void => void (room.value = { width: element.clientWidth, height: element.clientHeight })
    // In the next frame: what is drawn anew may change the scroll bars, and with them the room.
    const observer = new ResizeObserver(() => (frame = requestAnimationFrame(measure)))
    observer.observe(element)
    onCleanup(() => {
      observer.disconnect()
      cancelAnimationFrame(frame)
    })
  })
  // Where a filter leaves fewer lines, the place stays within them.
  watch([count.rows, count.columns], ([manyRows, manyColumns]) => {
    const { row, column } = active.value
    active.value = { row: Math.min(row, manyRows - 1), column: Math.min(column, manyColumns - 1) }
  })

  function onScroll(): void {
    // From right to left the distance is negative.
    if (box.value) offset.value = { top: box.value.scrollTop, start: Math.abs(box.value.scrollLeft) }
  }

  function reveal({ row, column }: MatrixPlace): void {
    const element = box.value
    if (!element) return
    const start = revealing({ line: column, size: sizes.value.column, room: seen.value.width, offset: offset.value.start })
    element.scrollTop = revealing({ line: row, size: sizes.value.row, room: seen.value.height, offset: offset.value.top })
    element.scrollLeft = isRightToLeft(element) ? -start : start
    onScroll()
  }

  /** Answers whether the key was one that moves. */
  function moveByKey(event: KeyboardEvent): boolean {
    const element = box.value
    const page = Math.max(1, Math.floor(seen.value.height / sizes.value.row) - 1)
    const shape = { rows: count.rows(), columns: count.columns(), page, rightToLeft: element !== null && isRightToLeft(element) }
    const next = placeByKey(event, active.value, shape)
    if (!next) return false
    event.preventDefault()
    active.value = next
    reveal(next)
    return true
  }

  return { sizes, rows, columns, whole, active, onScroll, moveByKey }
}

function isRightToLeft(element: HTMLElement): boolean {
  return getComputedStyle(element).direction === 'rtl'
}

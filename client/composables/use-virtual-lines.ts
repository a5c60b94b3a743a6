import { computed, nextTick, ref, watch } from 'vue'
import type { Ref } from 'vue'
import { lineWindow, offsetByKey } from '../log/line-window.ts'

/** Shows a window of a list of any length: lines of one height, a scroll bar for all of them, wheel and keys that move line by line. */
export function useVirtualLines(box: Readonly<Ref<HTMLElement | null>>, count: () => number, lineHeight: number) {
  const height = ref(0)
  const offset = ref(0)
  /** Where we put the scroll bar ourselves: its event says nothing new. */
  let placed = -1
  const view = computed(() => lineWindow({ count: count(), lineHeight, height: height.value, offset: offset.value }))
  const atEnd = computed(() => offset.value >= view.value.furthest - lineHeight)

  watch(box, (element, _before, onCleanup) => {
    if (!element) return
    const observer = new ResizeObserver(() => (height.value = element.clientHeight))
    observer.observe(element)
    onCleanup(() => observer.disconnect())
  })

  function moveTo(target: number): void {
    offset.value = Math.max(0, Math.min(target, view.value.furthest))
    void nextTick(() => {
      if (!box.value) return
      box.value.scrollTop = offset.value / view.value.scale
      placed = box.value.scrollTop
    })
  }

  function onScroll(): void {
    const top = box.value?.scrollTop ?? 0
    if (Math.abs(top - placed) > 1) offset.value = top * view.value.scale
    placed = -1
  }

  function onWheel(event: WheelEvent): void {
    if (view.value.scale === 1 || event.shiftKey || event.deltaY === 0) return
    event.preventDefault()
    moveTo(offset.value + (event.deltaMode === 1 ? event.deltaY * lineHeight : event.deltaY))
  }

  function onKeydown(event: KeyboardEvent): void {
    const target =
      event.target === box.value
        ? offsetByKey(event.key, { offset: offset.value, height: height.value, lineHeight, furthest: view.value.furthest })
        : null
    if (target === null) return
    event.preventDefault()
    moveTo(target)
  }

  return { view, height, atEnd, onScroll, onWheel, onKeydown, toEnd: () => moveTo(view.value.furthest) }
}

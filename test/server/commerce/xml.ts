import type { JobFile } from '../../../server/jobs/importer.ts'
import { textAsJob } from '../../support/job-context.ts'

/** A CommerceML file with this in its root. */
export function commerceFile(name: string, inner: string, version = '2.08'): JobFile {
  return textAsJob(name, commerceText(inner, version))
}

export function commerceText(inner: string, version = '2.08', encoding = 'UTF-8'): string {
  const root = `<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_210" ВерсияСхемы="${version}" ДатаФормирования="2024-06-01T0:36:33">`
  return `<?xml version="1.0" encoding="${encoding}"?>\n${root}\n${inner}\n</КоммерческаяИнформация>\n`
}

export function catalog(goods: string, onlyChanges = 'false'): string {
  return `<Каталог СодержитТолькоИзменения="${onlyChanges}"><Ид>c1</Ид><ИдКлассификатора>k1</ИдКлассификатора><Товары>\n${goods}\n</Товары></Каталог>`
}

export function offers(inner: string, header = ''): string {
  return `<ПакетПредложений СодержитТолькоИзменения="true"><Ид>c1#</Ид><ИдКаталога>c1</ИдКаталога>${header}<Предложения>\n${inner}\n</Предложения></ПакетПредложений>`
}

export function changesOfOffers(inner: string): string {
  return offers(inner).replaceAll('ПакетПредложений', 'ИзмененияПакетаПредложений')
}

export function product(id: string, inner = '', attributes = ''): string {
  return `<Товар${attributes}><Ид>${id}</Ид><Наименование>Product ${id}</Наименование>${inner}</Товар>`
}

export function offer(id: string, inner = ''): string {
  return `<Предложение><Ид>${id}</Ид><Наименование>Offer ${id}</Наименование>${inner}</Предложение>`
}

/** A Предложение that is nothing but a carrier. */
export function carrier(id: string, inner: string): string {
  return `<Предложение><Ид>${id}</Ид>${inner}</Предложение>`
}

export function price(type: string, amount: string, rest = ''): string {
  return `<Цена><ИдТипаЦены>${type}</ИдТипаЦены><ЦенаЗаЕдиницу>${amount}</ЦенаЗаЕдиницу>${rest}</Цена>`
}

export function prices(...list: string[]): string {
  return `<Цены>${list.join('')}</Цены>`
}

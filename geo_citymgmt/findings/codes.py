"""The codes of what is found in data, with their messages in Chinese and English.

A catalogue, not code: names are fixed, and each message tells an office clerk what to correct.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CODES", "FindingCode"]


@dataclass(frozen=True, slots=True)
class FindingCode:
    """A kind of finding with its usual severity and its messages."""

    severity: str
    zh: str
    en: str


def _c(severity: str, zh: str, en: str) -> FindingCode:
    return FindingCode(severity, zh, en)


#: Messages are templates over {field}, {value}, {expected} and what the caller adds.
CODES: Mapping[str, FindingCode] = {
    "SOURCE_REFUSED": _c(
        "fatal", "拒绝打开：{detail}", "refused: {detail}"
    ),
    "SOURCE_UNREADABLE": _c(
        "fatal", "无法读取：{detail}", "cannot be read: {detail}"
    ),
    "FILE_MISSING_PART": _c(
        "warning", "缺少文件 {value}：{detail}", "file {value} is missing: {detail}"
    ),
    "SHP_DAMAGED": _c("error", ".shp 文件有损坏：{detail}", ".shp is damaged: {detail}"),
    "SHP_FOOTPRINT": _c(
        "info",
        "{value} 个三维多面体（multipatch）按其平面轮廓读入",
        "{value} multipatches, which have three dimensions, were read as their footprints",
    ),
    "SHX_DAMAGED": _c("warning", ".shx 索引有损坏：{detail}", ".shx is damaged: {detail}"),
    "DBF_DAMAGED": _c("error", ".dbf 文件有损坏：{detail}", ".dbf is damaged: {detail}"),
    "COUNT_MISMATCH": _c(
        "error",
        "各部分记录数不一致：{value}；没有对应部分的记录已退回，请重新导出",
        "the parts disagree on the number of records: {value}; records without a counterpart are "
        "rejected, export the layer again",
    ),
    "RECORD_DELETED": _c(
        "info", "属性表中已标记删除 {value} 条，未读入", "{value} deleted records were left out"
    ),
    "RECORD_UNREADABLE": _c(
        "error",
        "该记录的图形无法读取，请重新绘制{detail}",
        "the geometry of this record cannot be built{detail}",
    ),
    "PARCEL_POINTS": _c(
        "warning",
        "地块所记界址点数与实际点数不符（{value}），可能缺点，请核对",
        "the parcel states another number of boundary points than it has ({value}): points may be "
        "missing, check it",
    ),
    "PARCEL_OPEN": _c(
        "warning",
        "地块有一圈的末点与首点不同，而文件中其他各圈相同：文件可能被截断，请核对",
        "a ring of the parcel does not end in the point it begins with, as the others of the file "
        "do: the file may have been cut off, check it",
    ),
    "KML_TRACK": _c(
        "info",
        "文件中有 {value} 条轨迹（gx:Track）：{detail}",
        "the file has {value} tracks (gx:Track): {detail}",
    ),
    "KML_LINKED": _c(
        "error",
        "文件中有 {value} 处链接到别处（NetworkLink），其内容未读入；请在 Google Earth 或奥维中"
        "打开，待内容全部显示后另存为 .kmz 或 .kml",
        "the file has {value} links to elsewhere (NetworkLink), of which nothing was read; open it "
        "in Google Earth, wait until all of it is shown, and save the places as .kmz or .kml",
    ),
    "KML_BALLOON": _c(
        "info",
        "{value} 个地标的属性写在说明的表格里，已各成一列：{expected}",
        "the attributes of {value} places stand in a table of their description; each was made a "
        "column: {expected}",
    ),
    "LAYER_IGNORED": _c("info", "未使用 {value}：{detail}", "{value} was not used: {detail}"),
    "FILES_SKIPPED": _c(
        "info",
        "{value} 个系统或程序留下的文件（如 {expected}）不是数据，已跳过",
        "{value} files that systems or programs leave behind, such as {expected}, hold no data and "
        "were passed over",
    ),
    "FILES_IGNORED": _c(
        "info",
        "按 city.toml 的 ignore 未读：{value}",
        "not read, as ignore in city.toml says: {value}",
    ),
    "LAYER_ABSENT": _c(
        "error",
        "{value} 中没有图层“{field}”（{expected}）；请在 city.toml 写明它在哪个文件，"
        "或直接给出该文件",
        "{value} has no layer {field!r} ({expected}); name its file in city.toml, or give the file "
        "itself",
    ),
    "LAYER_RECOGNISED": _c(
        "info",
        "{value} 按{detail}认作“{expected}”；如不对，请在 city.toml 中写明",
        "{value} was taken as {expected!r} by {detail}; say otherwise in city.toml",
    ),
    "CITY_ASSUMED": _c(
        "warning",
        "没有写明是哪个城市，暂按文件夹名称称为“{detail}”（代码 {expected}）；请在 city.toml 写明 "
        "name_zh、name_en、code",
        "which city this is, is not stated: it is called {detail} after its folder (code "
        "{expected}); give name_zh, name_en and code in city.toml",
    ),
    "CITY_UNNAMED": _c(
        "warning",
        "没有写明是哪个城市，暂称“{value}”（代码 {expected}）；请给出 name_zh、name_en、code",
        "which city this is, is not stated: it is called {value} (code {expected}); give name_zh, "
        "name_en and code",
    ),
    "ZONE_FIELDS": _c(
        "warning",
        "区划没有“{field}”一列：{detail}",
        "the zones have no column for {field!r}: {detail}",
    ),
    "LAYER_UNUSABLE": _c("fatal", "图层不可用：{detail}", "the layer cannot be used: {detail}"),
    "ENC_INFERRED": _c(
        "info",
        "没有可用的 .cpg，按字节判定文字编码为 {value}",
        "no usable .cpg; the text was found to be {value}",
    ),
    "ENC_WRONG_CPG": _c(
        "warning",
        ".cpg 写的是 {value}，实际内容是 {expected}；已按实际内容读取，请改正 .cpg",
        ".cpg says {value}, the bytes are {expected}; read as such, correct the .cpg",
    ),
    "ENC_UNDECODABLE": _c(
        "fatal",
        "文字既不是 UTF-8 也不是 GB18030（字段 {field}），请在 city.toml 写 encoding"
        "（Python：encoding=）",
        "text is neither UTF-8 nor GB18030 (field {field}); give 'encoding' in "
        "city.toml (Python: encoding=)",
    ),
    "JSON_REPEATED": _c(
        "warning",
        "该记录中“{value}”写了两次，取后一个；请核对并重新导出",
        "{value!r} stands twice in this record, and the last one counts; check it and export again",
    ),
    "JSON_MEMBER": _c(
        "warning",
        "只有该记录有“{value}”，而其余记录的各项都相同：可能是两条记录的残余，请核对",
        "no other record has {value!r}, and all others have the same members: it may be what is "
        "left of two records, check it",
    ),
    "TEXT_LOST": _c(
        "warning",
        "“{field}”的文字被截断或丢失：{value}，请核对原始资料",
        "text of {field!r} was cut or lost: {value}; check it against the original",
    ),
    "FIELD_MISSING": _c(
        "warning",
        "缺少字段“{field}”，以下指标无法计算：{detail}",
        "field {field!r} is missing; not available: {detail}",
    ),
    "FIELD_AMBIGUOUS": _c(
        "warning",
        "字段“{value}”可能是：{expected}；请在 city.toml 的 fields 中指明，否则不使用",
        "column {value!r} could be {expected}: not used; say which under 'fields' in city.toml",
    ),
    "FIELD_DUPLICATE": _c(
        "warning",
        "“{field}”有多个来源字段，采用 {expected}，未用 {value}",
        "several columns for {field!r}: {expected} is used, {value} is not",
    ),
    "FIELD_ALIAS": _c("info", "字段“{value}”认作“{field}”", "column {value!r} read as {field!r}"),
    "FIELD_FILLED": _c(
        "info",
        "没有“{field}”一列，按{detail}填入：{value}",
        "no column for {field!r}: filled by {detail}: {value}",
    ),
    "FIELD_MATCHED": _c(
        "info",
        "列“{value}”认作“{field}”：{detail}",
        "column {value!r} read as {field!r}: {detail}",
    ),
    "FIELD_PROPOSED": _c(
        "info",
        "列“{value}”像是“{field}”（{detail}），未采用；如是，请在 city.toml 的 fields 写 {expected}"
        "（Python：aliases=）",
        "column {value!r} looks like {field!r} ({detail}) and was not used; if it is, write "
        "{expected} under 'fields' in city.toml (Python: aliases=)",
    ),
    "FIELD_DOUBTED": _c(
        "warning",
        "列“{value}”按名称是“{field}”，但{detail}，未采用；如仍是，请在 city.toml 的 fields 中指明"
        "{where}（Python：aliases=）",
        "column {value!r} is {field!r} by its name, but {detail}: not used; if it is all the same, "
        "name it under 'fields' in city.toml{where} (Python: aliases=)",
    ),
    "FIELD_TRUNCATED": _c(
        "info", "被截断的字段名“{value}”认作“{field}”", "cut name {value!r} read as {field!r}"
    ),
    "FIELD_UNKNOWN": _c(
        "info",
        "字段“{value}”不在图层定义中，保留但不进入图表和报告",
        "column {value!r} is not in the layer's definition: kept, but in no map or report",
    ),
    "CRS_MISSING": _c(
        "fatal",
        "没有坐标系（缺 .prj）。坐标范围 {value}；{detail}。请确认后用 "
        "--crs 图层=代码 或 city.toml 中 [layers.图层] 的 crs 指明（Python：crs=）",
        "no coordinate reference system (no .prj). Coordinates span {value}; {detail}. Confirm "
        "the CRS and give --crs LAYER=CODE or 'crs' under [layers.LAYER] in city.toml (Python: "
        "crs=)",
    ),
    "CRS_WRONG": _c(
        "fatal",
        "坐标数值（{value}）与坐标系 {expected} 不符{detail}，请核对坐标系",
        "the coordinates ({value}) do not fit {expected}{detail}; check the CRS",
    ),
    "CRS_ASSUMED": _c(
        "info",
        "按 {value} 与 {expected} 之间无偏移处理（CGCS2000 与 WGS 84 差异在厘米级）",
        "{value} taken as equal to {expected} (CGCS2000 and WGS 84 differ by centimetres)",
    ),
    "CRS_BALLPARK": _c(
        "fatal",
        "从 {value} 到 {expected} 没有已知的转换参数，直接使用会偏移数十至上百米；"
        "请先按本地参数转换，或在 city.toml 的 pipeline 给出转换参数（Python：pipeline=）",
        "no known transformation from {value} to {expected}: positions would be off by tens of "
        "metres; convert it with the local parameters first, or give them as 'pipeline' in "
        "city.toml (Python: pipeline=)",
    ),
    "DATUM_CONVERTED": _c(
        "info",
        "已由 {value} 逐点换算到 WGS 84（约 {expected} 米）",
        "converted from {value} to WGS 84 vertex by vertex (about {expected} m)",
    ),
    "GEOM_NULL": _c("warning", "没有图形", "no geometry"),
    "GEOM_EMPTY": _c("warning", "图形为空", "the geometry is empty"),
    "COORD_PLACEHOLDER": _c(
        "warning",
        "坐标 {value} 是空值的占位数，不是位置；请补填坐标",
        "the coordinates {value} stand for an unknown place; fill in the right ones",
    ),
    "COORD_RANGE": _c(
        "warning",
        "坐标 {value} 超出经纬度范围（经度 ±180、纬度 ±90），请核对；"
        "若是平面坐标（米），请换算成经纬度",
        "the coordinates {value} are no longitude and latitude (±180, ±90); correct them. If they "
        "are metres among degrees, convert them",
    ),
    "COORD_UNREADABLE": _c(
        "warning",
        "坐标“{value}”不完整或无法识别，请按经纬度（如 120.61、31.30）或平面坐标补正",
        "the coordinates {value!r} are incomplete or cannot be read; write them as longitude and "
        "latitude (120.61, 31.30) or easting and northing",
    ),
    "COORD_DEGREES": _c(
        "warning",
        "坐标 {value} 是经纬度，其余记录是以米为单位的平面坐标；请改成平面坐标",
        "the coordinates {value} are degrees among metres; give easting and northing",
    ),
    "COORD_NONFINITE": _c("warning", "坐标不是有效数字", "a coordinate is not a finite number"),
    "GEOM_TYPE": _c(
        "error",
        "图形类型为 {value}，该图层应为 {expected}",
        "geometry is {value}, this layer takes {expected}",
    ),
    "GEOM_CLOSED": _c(
        "warning",
        "图形是首尾相接的线，已按其围成的面读取；请核对",
        "the geometry is a line that ends where it begins; it was read as the area it goes around, "
        "check it",
    ),
    "GEOM_REPAIRED": _c(
        "warning",
        "图形有自相交等错误，已修复，面积变化 {value}",
        "the geometry was invalid and has been repaired; its area changed by {value}",
    ),
    "GEOM_UNREPAIRABLE": _c(
        "error",
        "图形错误无法可靠修复（面积变化 {value}），请重新绘制",
        "the geometry is invalid and repair would change its area by {value}; draw it again",
    ),
    "GEOM_REDUCED": _c(
        "info", "面状管线已取中心线", "a footprint was reduced to its centre line"
    ),
    "GEOM_DUPLICATE": _c(
        "warning", "与记录 {value} 的图形和主要内容相同", "same geometry and key as record {value}"
    ),
    "UNLOCATED": _c(
        "warning",
        "没有可用位置，计入“未落图”；所填{unit}：{value}",
        "no usable place; counted as unlocated; {unit} as reported: {value}",
    ),
    "OUT_OF_CITY": _c(
        "warning",
        "位于各{unit}之外（最近的是 {value}），{detail}",
        "lies outside every {unit} (nearest {value}); {detail}",
    ),
    "ZONE_DISAGREES": _c(
        "warning",
        "填报{unit}为 {value}，图形位于 {expected}；按图形计",
        "reported in {value}, lies in {expected}; counted by its geometry",
    ),
    "ZONE_UNKNOWN": _c(
        "warning", "填报{unit}“{value}”无法识别", "reported {unit} {value!r} is not known"
    ),
    "STRADDLES": _c(
        "info",
        "跨{unit}，最大部分（{value}）在 {expected}",
        "crosses a {unit} line; the largest part ({value}) is in {expected}",
    ),
    "ZONES_PACKAGED": _c(
        "warning",
        "来源中没有区划界线，使用配置“{value}”附带的示意界线，仅供演示",
        "the source has no districts; the demonstration outlines of profile {value} are used",
    ),
    "ZONES_SHAPELESS": _c(
        "error",
        "{value} 条区划记录都没有可用的界线，视同没有区划；请补画界线，或改用有界线的文件",
        "none of the {value} zones has an outline that can be used, so there are none; draw them, "
        "or use a file that has them",
    ),
    "ZONES_MISSING": _c(
        "info",
        "来源中没有区划界线：不做位置检查，数值只有全市合计；请补充 districts 图层，"
        "或指定带有本市界线的配置（profile）",
        "the source has no districts: checks of place are off and figures are of the whole; add a "
        "layer of districts, or name a profile that has the outlines of this city",
    ),
    "ZONES_VINTAGE": _c(
        "info",
        "区划取 {detail} 有效的 {value} 个（共 {expected} 个），各时点的数值都按此口径",
        "{value} of {expected} zones are those valid on {detail}; figures of every date use them",
    ),
    "ZONES_SUCCEEDED": _c(
        "info",
        "{value} 已撤并，按 {expected} 计（{detail}）",
        "{value} was merged: counted as {expected} ({detail})",
    ),
    "UNIT_EMPTY": _c(
        "error",
        "报告单位“{value}”（{expected}）没有范围：请核对其街道或界线",
        "reporting unit {value!r} ({expected}) has no ground: check its streets or its outline",
    ),
    "UNIT_STREET": _c(
        "error",
        "报告单位“{expected}”所列街道“{value}”在街道图层中有 {detail} 个，未计入；请改用代码",
        "street {value!r} of reporting unit {expected!r} stands {detail} times in the layer of "
        "streets and was left out; give its code",
    ),
    "UNIT_AMOUNT": _c(
        "warning",
        "报告单位“{value}”的街道没有填全 {expected}：该数仍计在原区，人均类指标不可用",
        "the streets of reporting unit {value!r} do not all give {expected}: it stays with the "
        "districts they lie in",
    ),
    "UNIT_COVERS": _c(
        "info",
        "{value} 全部划入报告单位，不再单列",
        "{value} lies wholly in reporting units and is not shown by itself",
    ),
    "ZONES_INVALID": _c(
        "warning",
        "分区 {value} 的边界无效（{detail}），以下按修复后的边界检查；请更正",
        "the outline of zone {value} is invalid ({detail}); what follows holds for it as repaired: "
        "correct it",
    ),
    "ZONES_OVERLAP": _c(
        "warning",
        "{value} 与 {expected} 重叠 {detail} 平方米；重叠处归代码小者",
        "{value} and {expected} overlap by {detail} m2; the lower code owns the overlap",
    ),
    "ZONES_GAP": _c(
        "warning", "各区之间有空隙 {value} 平方米", "there is a gap of {value} m2 between the zones"
    ),
    "DECISION_APPLIED": _c(
        "info",
        "按处理意见，“{field}”由“{value}”改为“{expected}”",
        "by decision {field!r} was changed from {value!r} to {expected!r}",
    ),
    "DECISION_UNUSED": _c(
        "warning",
        "处理意见未能执行：编号 {value} 在来源中没有或不止一条（改为“{expected}”）",
        "a decision could not be applied: {value} is not in the source, or not alone (set to "
        "{expected!r})",
    ),
    "DECISION_UNCLEAR": _c(
        "warning",
        "处理意见看不懂：{value}；请写“属实”或“改为……”",
        "the decision on {value} is not understood; write accept, or set and the value",
    ),
    "DECISION_OUTDATED": _c(
        "warning",
        "处理意见未再执行：“{field}”在来源中已是“{value}”（原意见改为“{expected}”）",
        "a decision was not applied again: {field!r} is {value!r} in the source by now (it was to "
        "be {expected!r})",
    ),
    "LEDGER_JOINED": _c(
        "info",
        "台账 {expected} 行中 {value} 行与图层对上；{detail}",
        "{value} of {expected} rows of the list have a feature; {detail}",
    ),
    "LEDGER_UNMATCHED": _c(
        "info", "台账中没有这一条，请核对编号", "the list has no row for this feature; check the id"
    ),
    "LEDGER_MANY": _c(
        "warning",
        "台账中编号 {value} 不止一行，采用第一行，本行退回",
        "the list has more than one row for {value}; the first is used, this one is rejected",
    ),
    "LEDGER_WINS": _c(
        "info",
        "“{field}”有 {value} 条图层与台账不同，以台账为准",
        "{field!r}: list and map differ in {value} records; the list wins",
    ),
    "ID_MISSING": _c(
        "warning", "没有编号，已生成 {expected}，请补填", "no id; {expected} was generated"
    ),
    "ID_DUPLICATE": _c(
        "error",
        "编号 {value} 重复，保留第一条（{expected}），本条退回",
        "id {value} is taken by {expected}, which is kept; this record is rejected",
    ),
    "ID_QUALIFIED": _c(
        "info",
        "{value} 条记录的“{field}”在不同文件或分区中重复（各自编号），已在前面加上{detail}，"
        "如 {expected}",
        "{field!r} of {value} records occurs in several files or districts, each numbered by "
        "itself: {detail} was put before it, as in {expected}",
    ),
    "VALUE_MISSING": _c("warning", "“{field}”为空", "{field!r} is empty"),
    "VALUE_ASSUMED": _c(
        "info", "“{field}”为空，按图形取值 {value}", "{field!r} is empty; {value} by geometry"
    ),
    "NUMBER_UNPARSED": _c(
        "error", "“{field}”的值“{value}”不是数字", "{field!r}: {value!r} is not a number"
    ),
    "NUMBER_RANGE": _c(
        "warning",
        "“{field}”的值 {value} 超出范围（{expected}），已去除",
        "{field!r}: {value} is out of range ({expected}) and was removed",
    ),
    "UNIT_CONVERTED": _c(
        "info",
        "“{field}”中带单位的值已换算为 {expected}，如 {value}",
        "{field!r}: values with a unit were converted to {expected}, e.g. {value}",
    ),
    "UNIT_UNFIT": _c(
        "warning",
        "列“{value}”写的单位“{detail}”不是“{field}”的单位，数值按 {expected} 读入；请核对列名，"
        "或在 city.toml 的 units 指明单位（Python：units=）",
        "column {value!r} names the unit {detail!r}, in which {field!r} cannot be: its numbers are "
        "read as {expected}; correct the heading, or give 'units' in city.toml (Python: units=)",
    ),
    "DATE_UNPARSED": _c(
        "error", "“{field}”的值“{value}”不是有效日期", "{field!r}: {value!r} is not a date"
    ),
    "DATE_PARTIAL": _c(
        "info", "“{field}”只到{expected}：{value}", "{field!r} is a mere {expected}: {value}"
    ),
    "DATE_AMBIGUOUS": _c(
        "error",
        "“{field}”的“{value}”分不清日和月（或年），未采用；请在 city.toml 的 "
        '{detail} 写 {expected} = "mdy"（月日年）、"dmy"（日月年）或 "ymd"'
        "（年月日）（Python：date_order=）",
        "{field!r}: day and month (or year) of {value!r} cannot be told apart, it was not used; "
        'write {expected} = "mdy", "dmy" or "ymd" under {detail} in city.toml '
        "(Python: date_order=)",
    ),
    "DATE_STYLE": _c(
        "info",
        "“{field}”中未写明次序的日期按{detail}读取，如 {value} 为 {expected}",
        "{field!r}: dates that state no order were read as {detail}, e.g. {value} as {expected}",
    ),
    "DATE_SHORT_YEAR": _c(
        "info",
        "“{field}”的年份只有两位，如 {value} 读作 {expected}；请写成四位",
        "{field!r} has years of two digits, e.g. {value} was read as {expected}; write four",
    ),
    "MOMENT_CONVERTED": _c(
        "info",
        "“{field}”带时区的时刻已换算为北京时间，如 {value} 为 {expected}",
        "{field!r}: moments of a time zone were taken to Asia/Shanghai, e.g. {value} to {expected}",
    ),
    "DATE_ORDER": _c(
        "warning",
        "日期先后有误：“{field}” {value} 早于 {expected}",
        "dates out of order: {field!r} {value} is before {expected}",
    ),
    "DATE_RANGE": _c(
        "warning",
        "“{field}”的日期 {value} 晚于数据日期 {expected}",
        "{field!r}: {value} is after the date of the data, {expected}",
    ),
    "CODE_UNKNOWN": _c(
        "error",
        "“{field}”的值“{value}”不在代码表中；接近或可用的：{expected}",
        "{field!r}: {value!r} is not in the code list; nearest or known: {expected}",
    ),
    "CODE_OWN_WORDS": _c(
        "info",
        "“{field}”中本单位的说法（{value}）可给出代码：请在 city.toml 的 {where} 下写 {expected}，"
        "核对后使用{detail}（Python：values=）",
        "{field!r}: an office's own words ({value}) can be given codes: write {expected} under "
        "{where} in city.toml, with the codes that are right{detail} (Python: values=)",
    ),
    "RELATION_BROKEN": _c(
        "warning",
        "“{field}”{value}，但{detail} {expected}",
        "{field!r} is {value}, but {detail} {expected}",
    ),
    "TABLE_UNUSABLE": _c(
        "error",
        "{value} 不能使用，按没有这张表处理：{detail}",
        "{value} cannot be used and counts as not there: {detail}",
    ),
    "TABLE_READ": _c("info", "{value}：{where}{detail}", "{value}:{where} {detail}"),
    "TABLE_COLUMN": _c(
        "info",
        "{file} 的“{value}”列没有用到{detail}",
        "{file}: column {value!r} was not used{detail}",
    ),
    "TABLE_VALUE": _c(
        "error",
        "{file} 第 {row} 行的 {column} 为“{value}”：{detail}",
        "{file}, row {row}: {column} is {value!r}, {detail}",
    ),
    "EVENT_UNMATCHED": _c(
        "warning",
        "事件表中的 {value} 条没有对应：{detail}",
        "{value} events have no counterpart: {detail}",
    ),
    "TARGET_UNMATCHED": _c(
        "warning",
        "目标表中的“{value}”（第 {row} 行）没有对应：{detail}；请核对编号",
        "{value!r} in the targets (row {row}) has no counterpart: {detail}; check the ids",
    ),
    "TARGET_VALUE": _c(
        "error",
        "目标表第 {row} 行的 {column} 为“{value}”：{detail}；该分区的这项指标没有目标",
        "row {row} of the targets: {column} is {value!r}, {detail}; the zone has no target",
    ),
    "TARGET_CONFLICT": _c(
        "error",
        "目标表第 {row} 行互相矛盾：{detail}（{value}）；该分区的这项指标没有目标，请只保留一个",
        "rows {row} of the targets contradict each other: {detail} ({value}); the zone has no "
        "target, keep one",
    ),
    "TARGET_SUM": _c(
        "warning",
        "“{detail}”各{unit}目标之和为 {value}，全市目标为 {expected}；请核对分解数",
        "{detail}: the districts' targets make {value}, the city's is {expected}; check the split",
    ),
    "PERSONAL_DATA": _c(
        "info",
        "字段“{value}”含个人信息，输出时遮蔽",
        "column {value!r} holds personal data: masked in outputs",
    ),
    "TEXT_ACTIVE": _c(
        "info",
        "“{field}”的文字“{value}”会被表格软件当作公式，写出时前面加了单引号，读回时自动去掉",
        "{field!r}: a spreadsheet would run {value!r}; it is written after an apostrophe, which "
        "reading takes off",
    ),
    "FORMAT_LOSS": _c(
        "warning",
        "{field}{detail}（{value} 格式所限）",
        "{field}{detail} ({value} holds no more)",
    ),
    "GEOM_FLATTENED": _c(
        "info",
        "{value} 个图形带有高程（Z）或测量值（M），已去除，只保留平面坐标",
        "{value} geometries carried heights (Z) or measures (M), which were dropped",
    ),
    "GEOM_VERTICES": _c(
        "info", "已删除重复节点 {value} 个", "{value} repeated vertices were removed"
    ),
    "GEOM_MULTIPART": _c(
        "info",
        "图形由 {value} 个部分组成，按一条记录计；如属不同对象，请分成多条",
        "the geometry has {value} parts and counts as one record; split it if they are several",
    ),
    "GEOM_SLIVER": _c(
        "warning",
        "图形过于狭长细小（平均宽度 {value} 米），可能是绘制时的残片，请核对",
        "the geometry is a sliver ({value} m wide on average), perhaps left over from drawing",
    ),
    "UNIT_SUSPECT": _c(
        "warning",
        "“{field}”整列的单位可疑：与图形量算之比的中位数为 {value}，像是以{expected}填写；"
        "未作换算，确认后在 city.toml 的 units 指明单位（Python：units=）",
        "{field!r}: the unit of the column is doubtful: its median ratio to what the geometry "
        "measures is {value}, as if in {expected}; nothing was converted, confirm it by "
        "'units' in city.toml (Python: units=)",
    ),
    "ID_DAMAGED": _c(
        "warning",
        "编号 {value} 的位数已被电子表格破坏{detail}，请按原始资料改回（单元格设为文本）",
        "id {value} has lost digits in a spreadsheet{detail}; restore it from the original, in a "
        "cell formatted as text",
    ),
    "ID_ILLEGIBLE": _c(
        "warning",
        "编号 {value} 有字符无法读出，多条记录因此相同，已另行生成 {expected}；请按原始资料改回",
        "id {value} holds characters that could not be read and now stands for several records, "
        "which were given new ones ({expected}); restore it from the original",
    ),
    "ID_UNSEEN": _c(
        "warning",
        "编号 {value} 中有看不见的字符，已去除，按 {expected} 使用；请在来源中删去",
        "id {value} holds characters that nobody sees; they were taken off, it is used as "
        "{expected}; delete them in the source",
    ),
    "ID_AS_WRITTEN": _c(
        "info",
        "“{field}”中如 {value} 的写法已还原为 {expected}",
        "{field!r}: ids written as {value} were taken as {expected}",
    ),
    "ID_FORM": _c(
        "warning",
        "编号 {value} 的写法与其余编号不同（其余如 {expected}），请核对",
        "id {value} is built otherwise than nearly all others (such as {expected}); check it",
    ),
    "NULL_TEXT": _c(
        "info",
        "“{field}”中有 {expected} 处写着 {value} 一类的空值文字，按空处理",
        "{field!r}: {expected} values such as {value!r} are a program's word for nothing, and were "
        "taken as empty",
    ),
    "MEMO_UNREAD": _c(
        "warning",
        "备注型字段“{field}”的文字不在 .dbf 中（在 {value} 中{detail}），未读入 {expected} 条；"
        "请把该字段改为普通文字后重新导出",
        "the text of the memo field {field!r} is not in the .dbf but in {value}{detail}; "
        "{expected} values were not read, export it as a plain text field",
    ),
    "CRS_INFERRED": _c(
        "info",
        "坐标系按数据推断为 {value}（{detail}），请确认",
        "the CRS was inferred as {value} ({detail}); confirm it",
    ),
    "CRS_ZONE_PREFIX": _c(
        "fatal",
        "横坐标的带号与坐标系不一致：{value}；{detail}",
        "the zone prefix of x does not agree with the CRS: {value}; {detail}",
    ),
    "COORD_SWAPPED": _c(
        "fatal",
        "横纵坐标（经纬度）颠倒：{value}；{detail}",
        "x and y (or longitude and latitude) are exchanged: {value}; {detail}",
    ),
    "CRS_PIPELINE": _c(
        "info",
        "坐标按给定的转换参数换算：{value}",
        "positions were transformed by the operation given: {value}",
    ),
    "DATUM_SUSPECT": _c(
        "warning",
        "位置像是 {value} 坐标（{expected}），未作换算；确认后用 --datum 图层=基准 "
        "或 city.toml 的 datum 指明（Python：datum=）",
        "positions look like {value} ({expected}); nothing was shifted, confirm it by "
        "--datum LAYER=DATUM or 'datum' in city.toml (Python: datum=)",
    ),
    "TOTAL_ROW": _c(
        "info", "合计行（{value}），不是记录，未读入", "a row of totals ({value}): not a record"
    ),
    "NOTE_ROW": _c(
        "info", "说明行或重复的表头（{value}），未读入", "a note or a repeated heading ({value})"
    ),
    "TABLE_HEADER": _c(
        "info", "表头取自第 {value} 行", "the headings were found in row {value}"
    ),
    "TABLE_LEVELS": _c(
        "warning",
        "两级表头的下级名称重复，已冠以上级区分：{value}；其中如有要用的字段，请在 city.toml 的 "
        "fields 指明",
        "lower headings stand under several upper ones, which were put before them: {value}; if "
        "one of them is a field, say which under 'fields' in city.toml",
    ),
    "TABLE_ASIDE": _c(
        "warning",
        "同一工作表{detail}另有一张表（{value}），未读入；请把它移到单独的工作表",
        "another table ({value}) is on the same sheet {detail} and was not read; move it to a "
        "sheet of its own",
    ),
    "CELLS_UNWRAPPED": _c(
        "info",
        "为防止表格软件改动而写成 {value} 的文字，已还原（列：{expected}）",
        "texts written as {value}, so that a spreadsheet leaves them alone, were taken as meant "
        "(columns {expected})",
    ),
    "CELL_ERROR": _c(
        "warning",
        "“{field}”的单元格是错误值 {value}，原值已丢失，请补填",
        "{field!r}: the cell holds the error {value}, its value is lost; fill it in",
    ),
    "FORMULA_UNCOMPUTED": _c(
        "error",
        "“{field}”是没有计算结果的公式；请用 Excel 或 WPS 打开该文件，保存一次后再读",
        "{field!r} is a formula that was never computed; open the file in a spreadsheet program "
        "and save it once",
    ),
    "SHEET_HIDDEN": _c(
        "info",
        "隐藏的 {value} 行已照样读入{detail}，隐藏的列：{expected}；如不应计入，请删除后再读",
        "{value} hidden rows were read as well{detail}, hidden columns: {expected}; delete what "
        "is not to count",
    ),
    "DECIMAL_COMMA": _c(
        "info",
        "列“{value}”以逗号作小数点，已按小数读取",
        "columns {value!r} have decimal commas and were read as such",
    ),
    "TEXT_ZEROS": _c(
        "warning",
        "文件中有 {value} 个空字节（NUL），已去除；文件可能损坏，请核对",
        "{value} bytes of zero were taken out of the text; it may be damaged, check it",
    ),
    "CELLS_MERGED": _c(
        "info",
        "有 {value} 处纵向合并的文字单元格，已按合并范围逐行填充",
        "{value} texts merged down over several rows were repeated in each of them",
    ),
    "COORD_COLUMNS": _c(
        "info",
        "位置取自列“{value}”（经度或东坐标）和“{expected}”（纬度或北坐标）",
        "positions are from column {value!r} (longitude or easting) and {expected!r} (latitude or "
        "northing)",
    ),
    "COORD_SETS": _c(
        "info",
        "另有坐标列“{value}”，位置取自“{expected}”，前者未用；如应以前者为准，"
        "请在 city.toml 的 [layers.图层] 写 {detail}",
        "columns {value!r} hold coordinates too; positions are from {expected!r}. If they should "
        "count, write {detail} under [layers.LAYER] in city.toml",
    ),
    "COORDS_UNUSED": _c(
        "error",
        "“{value}”像是坐标，但没有使用，记录没有位置；如是，请在 city.toml 的 "
        "[layers.图层] 写 {detail}（命令行：--x 列 --y 列；Python：x=、y=）",
        "{value!r} look like coordinates and were not used: records have no place. If they are, "
        "write {detail} under [layers.LAYER] in city.toml (command line: --x COLUMN --y COLUMN; "
        "Python: x=, y=)",
    ),
    "COORD_FILLED": _c(
        "info",
        "没有图形，位置取自列“{value}”",
        "no geometry; the position is from columns {value!r}",
    ),
    "COORD_DIFFER": _c(
        "warning",
        "{expected} 条记录没有图形；列“{value}”的坐标与其他记录的图形不在同一位置，因此未用，"
        "请核对其坐标系和基准",
        "{expected} records have no geometry; the coordinates in {value!r} are not where the "
        "geometry of the other records is, so they were not used: check their CRS and datum",
    ),
    "COORD_PACKED": _c(
        "warning",
        "列“{value}”、“{expected}”的小数可能是度分秒连写（120.3636 即 120°36′36″），"
        "暂按十进制度读取；如是，请改写为 120-36-36，或换算后再用",
        "the decimals of {value!r} and {expected!r} may be minutes and seconds (120.3636 for "
        "120°36′36″); they are read as decimal degrees. If so, write 120-36-36, or convert them "
        "first",
    ),
    "COORD_REFERENCE": _c(
        "info",
        "列名“{value}”表明坐标为 {expected}，按此处理；如不是，请在 city.toml 的 [layers.图层] "
        "写明 crs 或 datum",
        "the column {value!r} says that its coordinates are {expected}; read as such. If they are "
        "not, give crs or datum under [layers.LAYER] in city.toml",
    ),
    "COORD_CONTRADICTED": _c(
        "warning",
        "列名“{value}”表明坐标为 {expected}，与指定的 {detail} 不一致；已按指定的处理，请核对",
        "the column {value!r} says that its coordinates are {expected}, {detail} was given and is "
        "used; check which is right",
    ),
    "DEGREES_ASSUMED": _c(
        "warning",
        "没有写明坐标系；“{value}”是经纬度，暂按 {expected} 处理{detail}",
        "no CRS is stated; {value!r} are degrees and taken as {expected}{detail}",
    ),
    "TABLE_DISGUISED": _c(
        "info",
        "该 {value} 文件实为{detail}，已按其中最大的表读取",
        "this {value} is {detail}; its largest table was read",
    ),
    "CAD_LABELS": _c(
        "info",
        "该 CAD 图层上的 {value} 条文字（注记）不是记录，未读入",
        "{value} labels on this CAD layer are no records and were not read",
    ),
    "CAD_LEFT": _c(
        "info",
        "CAD 图层“{value}”上有对象未读入：{detail}",
        "objects on the CAD layer {value!r} were not read: {detail}",
    ),
    "CAD_REFERENCE": _c(
        "warning",
        "外部参照“{value}”是另一份图（插入 {expected} 处），其中的内容未读入；如需要，"
        "请把那份图另存为 DXF 后单独读",
        "the external reference {value!r} (inserted {expected} times) is another drawing, of which "
        "nothing was read; if it is needed, save that one as DXF and read it by itself",
    ),
    "CAD_NESTED": _c(
        "warning",
        "图块“{value}”内还有 {expected} 个图块，按一个点读入；如里面的图块才是要读的，请在 CAD "
        "中把它分解（EXPLODE）一次后再读",
        "the block {value!r} holds {expected} others and was read as one point; if those within "
        "are what is meant, explode it once (EXPLODE) in the CAD program",
    ),
    "CAD_HIDDEN": _c(
        "info",
        "CAD 图层“{value}”在图中不显示（{detail}），已照样读入；如不应计入，请在 CAD 中删除后再读",
        "on the CAD layer {value!r} what the drawing hides ({detail}) was read as well; delete "
        "what is not to count",
    ),
    "CAD_UNITS": _c(
        "warning",
        "图中写明的单位是{unit}（$INSUNITS = {value}）；{detail}",
        "the drawing states its unit as {unit} ($INSUNITS = {value}); {detail}",
    ),
    "CAD_LIMIT": _c(
        "error",
        "该对象{detail}，已退回；请在 CAD 中打散（EXPLODE）或简化后再读",
        "this object was rejected: {detail}; explode (EXPLODE) or simplify it in the CAD program",
    ),
    "CAD_DAMAGED": _c(
        "error",
        "图中有 {value} 个对象已损坏，看不出属于哪个 CAD 图层，未读入；请在 CAD 中用 RECOVER "
        "命令修复后另存为 DXF",
        "{value} objects of the drawing are damaged, so that it cannot be told on which CAD layer "
        "they are, and were not read; repair it in the CAD program (RECOVER) and save it as DXF",
    ),
    "CAD_UNFINISHED": _c(
        "warning",
        "图的末尾没有结束标志（EOF），对象都已读到；请核对文件是否完整",
        "the drawing does not end in EOF, though all its objects were there; check whether the "
        "file is complete",
    ),
    "ENC_CONTRADICTED": _c(
        "info",
        "文件写明的文字编码是 {value}，实际内容是 {expected}；已按实际内容读取",
        "the file states {value} as the encoding of its text, the bytes are {expected}; read as "
        "such",
    ),
    "ROW_RAGGED": _c(
        "warning",
        "该行有 {value} 个值，表头有 {expected} 列；请检查多余或缺少的分隔符、引号",
        "this row has {value} values for {expected} headings; look for a stray or missing "
        "separator or quote",
    ),
    "READ_WARNING": _c(
        "warning",
        "读取时的提示：{value}，请核对该文件",
        "the reader warned: {value}; check the file",
    ),
    "LAYER_EMPTY": _c(
        "warning",
        "来源中没有一条记录（{value}）；如不应为空，文件可能不完整，请重新导出",
        "the source holds no record ({value}); unless it should be empty, export it again",
    ),
    "TABLE_UNFINISHED": _c(
        "info",
        "最后一行（第 {value} 行）末尾没有换行，文件可能在此中断；请核对该行是否完整、"
        "后面是否还有行",
        "the last line ({value}) does not end in a line break, the file may have been cut there; "
        "check whether that row is whole and whether others should follow",
    ),
    "ID_GAP": _c(
        "info",
        "“{field}”{detail}；如不是停用的编号，请核对是否漏行",
        "{field!r} {detail}; unless these numbers were given up, look for rows that were left out",
    ),
}  # fmt: skip

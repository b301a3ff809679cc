package console

const operatorName = "operator"
